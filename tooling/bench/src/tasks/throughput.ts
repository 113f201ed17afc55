import { measureInterleaved, type Patience, type Timed } from '../measure.ts';
import type { SuiteOptions } from '../suite.ts';
import { attempt } from './attempt.ts';
import { tasksIn } from './calls.ts';
import type { Shape, TaskContender } from './contender.ts';
import { type Skipped, type Speed } from './report.ts';

/** To find out whether it can. */
const TRIED = 2;

export function sizeOf(shape: Shape, quick: boolean): number {
  if (shape === 'chain') return quick ? 200 : 1_000;
  return quick ? 2_000 : 10_000;
}

/** Tasks per second of the contenders of one group, medians of interleaved rounds. */
export async function measureShape(
  shape: Shape,
  contenders: readonly TaskContender[],
  { quick }: SuiteOptions,
): Promise<Map<TaskContender, Speed | Skipped>> {
  const patience: Patience = quick
    ? { rounds: 2, budgetMs: 3_000 }
    : { rounds: 7, budgetMs: 15_000 };
  const results = new Map<TaskContender, Speed | Skipped>();
  const timed: Timed<string>[] = [];
  for (const contender of contenders) {
    const size = contender.fewer?.[shape] ?? sizeOf(shape, quick);
    const once = await attempt(contender, shape, async (run) => {
      await run(TRIED);
      return () => run(size);
    });
    if (typeof once === 'function') timed.push({ name: contender.name, once });
    else results.set(contender, once);
  }
  const timings = await measureInterleaved(timed, patience);
  for (const contender of contenders) {
    const timing = timings.get(contender.name);
    if (!timing) continue;
    const tasks = tasksIn(shape, contender.fewer?.[shape] ?? sizeOf(shape, quick));
    results.set(contender, {
      tasks,
      tasksPerSecond: (tasks / timing.milliseconds) * 1000,
      rounds: timing.rounds,
    });
  }
  return results;
}
