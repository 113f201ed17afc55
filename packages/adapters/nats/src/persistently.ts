import type { Clock } from '@dagger/core';
import { busClosed, failed, finalFailure } from './failures.ts';

/** How long what failed is tried again: a server that starts anew is there by then. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 250;

export interface Patience {
  readonly clock: Clock;
  readonly isClosed: () => boolean;
}

/** What is tried. */
export interface Trial<T> {
  /** Begins the message of the error. */
  readonly what: string;
  readonly attempt: () => Promise<T>;
  /** Ends the trying, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries until it succeeds, for ten seconds.
 * @throws DaggerError STORAGE_FAILED, CHANNEL_FULL, MESSAGE_INVALID, BUS_CLOSED
 */
export const persistently = async <T>(patience: Patience, trial: Trial<T>): Promise<T> => {
  const since = patience.clock.now();
  try {
    return await trial.attempt();
  } catch (cause) {
    return again(patience, trial, { since, cause });
  }
};

/** Goes on with what was tried at first `since` then, and failed. @throws as `persistently` */
export const again = async <T>(
  { clock, isClosed }: Patience,
  { what, attempt, signal }: Trial<T>,
  { since, cause: first }: { readonly since: number; readonly cause: unknown },
): Promise<T> => {
  for (let cause = first; ;) {
    if (isClosed()) throw busClosed();
    const final = finalFailure(cause, what);
    if (final !== undefined) throw final;
    if (clock.now() >= since + PATIENCE_MS) throw failed(cause, what);
    await pause(clock, signal);
    if (isClosed()) throw busClosed();
    try {
      return await attempt();
    } catch (error) {
      cause = error;
    }
  }
};

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
