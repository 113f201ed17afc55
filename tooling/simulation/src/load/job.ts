import type { JobSpec, Need, TaskSpec } from '@dagger/tasks';
import { chance, type Chance } from '../chance.ts';
import { taskOf } from './task.ts';

const needsOf = (chance: Chance, i: number): readonly Need[] => {
  const needs = new Map<string, Need>();
  if (i === 0) return [];
  for (let left = chance.weighed([0, 1, 2, 3].map((n) => [n, 4 - n])); left > 0; left--) {
    const task = `t${chance.whole(0, i - 1)}`;
    const onFailure = chance.pick(['fail', 'skip', 'continue'] as const);
    needs.set(task, chance.happens(0.4) ? task : { task, onFailure });
  }
  return [...needs.values()];
};

/** How many parents are above the deepest task; at least 1. */
const deepest = (tasks: readonly TaskSpec[]): number => {
  const depths = new Map<string, number>();
  for (const { key = '', parent } of tasks) depths.set(key, (depths.get(parent ?? '') ?? -1) + 1);
  return Math.max(1, ...depths.values());
};

/** A random job: its tasks `t0`, `t1`, … in a random graph, some below others. */
export const jobOf = (seed: string, id: string): JobSpec => {
  const random = chance(`${seed} ${id}`);
  const first = random.whole(5, random.happens(0.3) ? 15 : 9);
  const tasks = Array.from({ length: first }, (_, i): TaskSpec => {
    const key = `t${i}`;
    const spec = taskOf(random, { key, depth: 0, first });
    const parent = i > 0 && random.happens(0.15) ? { parent: `t${random.whole(0, i - 1)}` } : {};
    return { ...spec, ...parent, needs: needsOf(random, i) };
  });
  const action = random.weighed([
    [{ type: 'TerminateJob' } as const, 2],
    [{ type: 'Wait' } as const, 1],
    [{ type: 'NotifyPlanningAgent', agent: 'planner', max: random.whole(1, 3) } as const, 3],
  ]);
  return {
    id,
    tasks,
    ...(random.happens(0.2) ? { onFailure: 'stop' as const } : {}),
    ...(random.happens(0.7)
      ? { stall: { action, ...(random.happens(0.2) ? { afterSeconds: random.whole(2, 15) } : {}) } }
      : {}),
    ...(random.happens(0.1) ? { timeout: random.whole(5, 30) } : {}),
    ...(random.happens(0.1) ? { open: true } : {}),
    ...(random.happens(0.2) ? { priority: random.whole(-3, 3) } : {}),
    limits: {
      ...(random.happens(0.08) ? { maxTokens: 30 } : {}),
      ...(random.happens(0.08) ? { maxRuns: random.whole(1, 4) } : {}),
      ...(random.happens(0.05) ? { maxTasks: first + random.whole(0, 4) } : {}),
      ...(random.happens(0.05) ? { maxDepth: deepest(tasks) + random.whole(0, 1) } : {}),
    },
    state: { log: [] },
  };
};
