import { median } from '../measure.ts';
import type { SuiteOptions } from '../suite.ts';
import { attempt } from './attempt.ts';
import type { TaskContender } from './contender.ts';
import { isSkipped, type Latency, type Recovery, type Skipped } from './report.ts';

const ROUNDS = 4;

/** Percentiles over interleaved rounds. */
export async function measureLatency(
  measure: 'latency' | 'latencyAcross',
  contenders: readonly TaskContender[],
  { quick }: SuiteOptions,
): Promise<Map<TaskContender, Latency | Skipped>> {
  const tasks = quick ? 50 : 200;
  const found = new Map<TaskContender, number[]>();
  const results = new Map<TaskContender, Latency | Skipped>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contender of contenders) {
      if (results.has(contender)) continue;
      const some = await attempt(contender, measure, (run) => run(Math.ceil(tasks / ROUNDS)));
      if (isSkipped(some)) results.set(contender, some);
      else found.set(contender, [...(found.get(contender) ?? []), ...some]);
    }
  }
  for (const [contender, all] of found) results.set(contender, percentiles(all));
  return results;
}

function percentiles(milliseconds: readonly number[]): Latency {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return {
    tasks: sorted.length,
    p50: median(sorted),
    p99: sorted[Math.ceil(sorted.length * 0.99) - 1]!,
  };
}

export async function measureRecoveries(
  contenders: readonly TaskContender[],
  { quick }: SuiteOptions,
): Promise<Map<TaskContender, Recovery | Skipped>> {
  const rounds = quick ? 1 : 3;
  const results = new Map<TaskContender, Recovery | Skipped>();
  for (const contender of contenders) {
    const found = await attempt(contender, 'recovery', async (run) => {
      const times: number[] = [];
      while (times.length < rounds) times.push(await run());
      return { milliseconds: median(times), rounds };
    });
    results.set(contender, found);
  }
  return results;
}
