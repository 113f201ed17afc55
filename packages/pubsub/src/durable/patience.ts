import { DaggerError, type Clock, type Storage } from '@dagger/core';

/** Milliseconds before something is tried again: doubled each time, up to the second number, for as long as the third. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;
const PATIENCE = 10_000;

/** Whether trying the same again cannot help. */
export const isHopeless = (storage: Storage, error: unknown): boolean => {
  if (error instanceof DaggerError) return !error.recoverable;
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return storage.isPermanent?.(error) ?? false;
};

export const storageFailed = (storage: Storage, cause: unknown): DaggerError =>
  cause instanceof DaggerError
    ? cause
    : new DaggerError(
        'STORAGE_FAILED',
        `the channels in ${storage.location}: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause, recoverable: true },
      );

/** The pauses between tries: `wait` gives false when the patience is over. */
export class Pauses {
  readonly #clock: Clock;
  readonly #deadline: number;
  #next = FIRST_PAUSE;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#deadline = clock.now() + PATIENCE;
  }

  async wait(): Promise<boolean> {
    if (this.#clock.now() >= this.#deadline) return false;
    const pause = this.#next;
    this.#next = Math.min(LONGEST_PAUSE, pause * 2);
    await new Promise<void>((resolve) => void this.#clock.after(pause, resolve));
    return true;
  }
}

/** Does what may be done twice until the database has done it. @throws DaggerError STORAGE_FAILED */
export const patiently = async <T>(
  storage: Storage,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> => {
  const pauses = new Pauses(clock);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (isHopeless(storage, error) || !(await pauses.wait())) throw storageFailed(storage, error);
    }
  }
};
