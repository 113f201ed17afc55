/** Why something failed, in words. */
export const reasonOf = (cause: unknown): string => {
  // A host with several addresses fails once for each.
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
};
