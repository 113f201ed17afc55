import { ActionRegistry, DagExecutor, defineGraph, type NodeOrder } from '@dagger/core';
import type { ScheduleCase } from './case.ts';
import { SkippingClock } from './skipping-clock.ts';

/** A run may not take longer than a day: what would is played faster. */
const LONGEST = 80_000;
/** What a task of no time is given out as, since a duration is more than nothing. */
const HARDLY_ANYTHING = 1e-6;

/** Runs a case on dagger in simulated time; gives the seconds from its start to its end. */
export async function makespanOf(
  { name, tasks }: ScheduleCase,
  workers: number,
  nodeOrder: NodeOrder,
): Promise<number> {
  const work = tasks.reduce((sum, task) => sum + task.seconds, 0);
  const speed = Math.max(1, work / LONGEST);
  const secondsOf = new Map(tasks.map(({ id, seconds }) => [id, seconds / speed]));
  const clock = new SkippingClock();
  let ended = 0;
  const registry = new ActionRegistry().registerFn(
    'task',
    ({ nodeId }) =>
      new Promise<void>((resolve) => {
        clock.after(secondsOf.get(nodeId)! * 1_000, () => {
          ended = clock.now();
          resolve();
        });
      }),
  );
  const executor = await DagExecutor.open({
    registry,
    clock,
    config: { maxParallelNodes: workers, nodeOrder, timeoutSeconds: 86_400 },
  });
  const graph = defineGraph({
    name: 'case',
    nodes: tasks.map(({ id, deps }) => ({
      id,
      action: 'task',
      dependencies: deps,
      duration: Math.max(HARDLY_ANYTHING, secondsOf.get(id)!),
    })),
  });
  const began = clock.now();
  const { status } = await clock.drive(executor.run(graph));
  if (status !== 'succeeded') throw new Error(`${name} on ${workers} workers ended ${status}`);
  return ((ended - began) / 1_000) * speed;
}
