import type { CancelTimer, Clock } from '../clock.ts';
import { DaggerError } from '../errors.ts';

/** Milliseconds before the first further try, doubled each time up to the second. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;
/** Milliseconds of patience in all: less than a lease, so that the run still has its owner when a write comes through. */
const PATIENCE = 10_000;

/** A write that may fail, and may have happened although it threw. */
export interface Insistence<T> {
  readonly write: () => Promise<T>;
  /** What a first try threw that was made already. */
  readonly failed?: { readonly error: unknown };
  /** Looks whether a write that threw is there all the same, and gives what it would have. */
  readonly look: () => Promise<{ readonly value: T } | undefined>;
  readonly clock: Clock;
  /** Whether the database says that trying again cannot help. */
  readonly isPermanent: ((error: unknown) => boolean) | undefined;
  /** Ends the patience. */
  readonly signal?: AbortSignal;
  /** Milliseconds. Default 10,000. */
  readonly patience?: number;
}

/**
 * Writes until it is known to be written. A connection that breaks at the wrong moment leaves open whether a commit
 * happened: so after each failure one looks, and only what is not there is written again.
 * @throws what `write` threw last, when the patience ends or trying again cannot help; a `DaggerError` at once, but for one
 * that says that the database cannot be reached just now
 */
export const insist = async <T>(insistence: Insistence<T>): Promise<T> => {
  const { write, look, clock, isPermanent, signal, patience = PATIENCE } = insistence;
  const deadline = clock.now() + patience;
  let failure: unknown;
  let first = insistence.failed;
  let waited = 0;
  let pause = FIRST_PAUSE;
  const wait = async (): Promise<void> => {
    const over = (): boolean => signal?.aborted ?? false;
    if (over() || waited >= patience || clock.now() >= deadline) throw failure;
    await after(clock, pause, signal);
    waited += pause;
    pause = Math.min(LONGEST_PAUSE, pause * 2);
    if (over()) throw failure;
  };
  for (;;) {
    try {
      if (first === undefined) return await write();
      throw first.error;
    } catch (error) {
      first = undefined;
      if (isFinal(error)) throw error;
      failure = error;
    }
    const permanent = isMistake(failure) || (isPermanent?.(failure) ?? false);
    for (let looked = false; !looked;) {
      try {
        const found = await look();
        if (found !== undefined) return found.value;
        looked = true;
      } catch (error) {
        if (permanent) throw failure;
        if (isFinal(error) || (isPermanent?.(error) ?? false)) throw error;
      }
      // A row of our own that is in the way was found above; everything else that is permanent stays so.
      if (permanent) throw failure;
      await wait();
    }
  }
};

/** Errors of the program, not of the database. */
const isMistake = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError;

/** Errors of ours are decisions, not mishaps; only a server that is away may come back. */
const isFinal = (error: unknown): boolean =>
  error instanceof DaggerError && !(error.code === 'STORAGE_FAILED' && error.recoverable);

const after = async (clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const cancel: CancelTimer = clock.after(ms, done);
    const stop = (): void => {
      cancel();
      done();
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
