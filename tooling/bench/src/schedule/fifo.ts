import type { ScheduleCase } from './case.ts';

/**
 * The makespan when tasks start in the order in which they became ready. dagger has no such order, so this is worked out
 * and not run: it is what a plain queue of tasks gives.
 */
export function fifoMakespan({ tasks }: ScheduleCase, workers: number): number {
  const number = new Map(tasks.map(({ id }, index) => [id, index]));
  const dependents: number[][] = tasks.map(() => []);
  const missing = tasks.map(({ deps }, index) => {
    const distinct = new Set(deps);
    for (const dep of distinct) dependents[number.get(dep)!]!.push(index);
    return distinct.size;
  });
  const queue = [...tasks.keys()].filter((index) => missing[index] === 0);
  const running = new Map<number, number>();
  let now = 0;
  for (let next = 0; ;) {
    while (next < queue.length && running.size < workers) {
      const index = queue[next++]!;
      running.set(index, now + tasks[index]!.seconds);
    }
    if (running.size === 0) return now;
    now = Math.min(...running.values());
    for (const [index, end] of running) {
      if (end > now) continue;
      running.delete(index);
      for (const to of dependents[index]!) if (--missing[to]! === 0) queue.push(to);
    }
  }
}
