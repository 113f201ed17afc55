import { withTempFile } from '../../durable/temp-file.ts';
import { tasksIn, withCalls } from '../calls.ts';
import type { Shape, TaskContender } from '../contender.ts';
import { batches } from './batches.ts';
import { FLOOR_LACKS, floorLatency } from './latency.ts';
import { openSqliteQueue } from './sqlite-queue.ts';

/** The floor on SQLite. A batch is what is enqueued, or completed and claimed, in one transaction. */
export function sqliteFloor(synchronous: 'normal' | 'full', batch: number): TaskContender {
  const name = batch === 1 ? 'floor, one by one' : `floor, batches of ${batch}`;
  const run = (shape: Shape, size: number): Promise<number> =>
    withCalls(name, shape, size, (calls) =>
      withTempFile(async (file) => {
        const queue = openSqliteQueue(file, shape, synchronous);
        try {
          const began = performance.now();
          for (const tasks of batches(tasksIn(shape, size), batch)) queue.enqueue(tasks);
          let tasks = queue.step([], batch);
          while (tasks.length > 0) {
            await Promise.all(tasks.map(async (task) => calls.call(task)));
            tasks = queue.step(tasks, batch);
          }
          return performance.now() - began;
        } finally {
          queue.close();
        }
      }),
    );
  const latency = (tasks: number): Promise<number[]> =>
    withTempFile(async (file) => {
      const queue = openSqliteQueue(file, 'independent', synchronous);
      const claim = (atMost: number): number[] => queue.step([], atMost);
      try {
        return await floorLatency({ ...queue, claim }, tasks);
      } finally {
        queue.close();
      }
    });
  return {
    name,
    role: 'floor',
    group: `sqlite ${synchronous}`,
    independent: (size) => run('independent', size),
    fanOut: (size) => run('fanOut', size),
    chain: (size) => run('chain', size),
    ...(batch === 1 && { latency }),
    lacks: FLOOR_LACKS,
  };
}
