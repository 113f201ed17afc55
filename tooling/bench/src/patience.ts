/** A smaller size that was measured. */
export interface Measured {
  readonly nodes: number;
  readonly milliseconds: number;
}

const STEEPEST = 2.2;

/**
 * What a round may take at a larger size. Two sizes give the exponent of the growth; after one alone the worst is expected,
 * quadratic growth, which is what the slow engines turn out to have and what the quick ones can afford.
 */
export function estimateMs(measured: readonly Measured[], nodes: number): number {
  const last = measured.at(-1);
  if (!last) return 0;
  const before = measured.at(-2);
  const exponent = before
    ? Math.log(last.milliseconds / before.milliseconds) / Math.log(last.nodes / before.nodes)
    : 2;
  return last.milliseconds * (nodes / last.nodes) ** Math.min(STEEPEST, Math.max(1, exponent));
}
