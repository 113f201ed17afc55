import { DaggerError } from '@dagger/core';

/** A PGlite database that could not be opened, as our error; an error of ours stays what it is. */
export const cannotOpen = (name: string, cause: unknown): DaggerError =>
  cause instanceof DaggerError
    ? cause
    : new DaggerError(
        'STORAGE_FAILED',
        `cannot open the PGlite database '${name}': ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
