import type { Clock } from '@dagger/core';
import { busClosed, failed, finalFailure } from './failures.ts';

/** How long what failed is tried again: a server that starts anew is there by then. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 250;

export interface Patience {
  readonly clock: Clock;
  readonly isClosed: () => boolean;
  /** Those who wait for an answer of the server; called when the connection is a new one, on which none comes any more. */
  readonly waiting: Set<() => void>;
  /** Ends the trying, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries until it succeeds, for ten seconds.
 * @param what begins the message of the error
 * @throws DaggerError STORAGE_FAILED, CHANNEL_FULL, MESSAGE_INVALID, BUS_CLOSED
 */
export const persistently = async <T>(
  { clock, isClosed, waiting, signal }: Patience,
  what: string,
  attempt: () => Promise<T>,
): Promise<T> => {
  const deadline = clock.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await unlessLost(waiting, attempt);
    } catch (cause) {
      if (isClosed()) throw busClosed();
      const final = finalFailure(cause, what);
      if (final !== undefined) throw final;
      if (clock.now() >= deadline) throw failed(cause, what);
    }
    await pause(clock, signal);
    if (isClosed()) throw busClosed();
  }
};

/** The client lets a request run into its time when the connection is lost. */
const unlessLost = <T>(waiting: Set<() => void>, attempt: () => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const lost = (): void => {
      waiting.delete(lost);
      reject(new Error('the connection was lost'));
    };
    waiting.add(lost);
    attempt().then(
      (value) => {
        waiting.delete(lost);
        resolve(value);
      },
      (error: unknown) => {
        waiting.delete(lost);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });

const pause = async (clock: Clock, signal: AbortSignal | undefined): Promise<void> => {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      signal?.removeEventListener('abort', wake);
      cancel();
      resolve();
    };
    const cancel = clock.after(PAUSE_MS, wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
  signal?.throwIfAborted();
};
