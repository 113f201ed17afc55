import { DaggerError } from '@dagger/core';

/** A connection that could not be made, as our error. The messages of `pg` may name users, never passwords. */
export const unreachable = (location: string, cause: unknown): DaggerError =>
  new DaggerError('STORAGE_FAILED', `cannot connect to ${location}: ${reason(cause)}`, {
    cause,
    // The server may be starting, or have no connection left.
    recoverable: true,
  });

const reason = (cause: unknown): string => {
  // A host with several addresses fails once for each.
  if (cause instanceof AggregateError) return cause.errors.map(reason).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
};
