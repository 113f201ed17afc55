import { NotPossible } from '../contender.ts';
import type { Measure, TaskContender } from './contender.ts';
import { skippedBy, type Skipped } from './report.ts';

/** What a contender gives, or the reason why it cannot. */
export async function attempt<M extends Measure, T>(
  contender: TaskContender,
  measure: M,
  use: (able: NonNullable<TaskContender[M]>) => Promise<T>,
): Promise<T | Skipped> {
  const able = contender[measure];
  if (able === undefined) return skippedBy(contender, measure);
  try {
    return await use(able);
  } catch (error) {
    if (error instanceof NotPossible) return { skipped: `${contender.name}: ${error.message}` };
    throw error;
  }
}
