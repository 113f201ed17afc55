import { setTimeout as sleep } from 'node:timers/promises';
import { tasksIn, withCalls, type Calls } from '../calls.ts';
import type { Shape, TaskContender } from '../contender.ts';
import { withSchema } from '../places.ts';
import { batches } from './batches.ts';
import { FLOOR_LACKS, floorLatency } from './latency.ts';
import { openPostgresQueue, type PostgresQueue } from './postgres-queue.ts';

const ENQUEUED_AT_ONCE = 1_000;

/** The floor on PostgreSQL. A batch is what one statement claims, and another completes, by several loops at once. */
export function postgresFloor(batch: number): TaskContender {
  const name = batch === 1 ? 'floor, one by one' : `floor, batches of ${batch}`;
  const run = (shape: Shape, size: number): Promise<number> =>
    withCalls(name, shape, size, (calls) =>
      withSchema(async (schema) => {
        // A chain has never more than one task to claim.
        const loops = shape === 'chain' ? 1 : 4;
        const queue = await openPostgresQueue(schema, shape, loops);
        try {
          const total = tasksIn(shape, size);
          const began = performance.now();
          for (const tasks of batches(total, ENQUEUED_AT_ONCE)) await queue.enqueue(tasks);
          await workOn(queue, calls, { loops, batch, total });
          return performance.now() - began;
        } finally {
          await queue.close();
        }
      }),
    );
  const latency = (tasks: number): Promise<number[]> =>
    withSchema(async (schema) => {
      const queue = await openPostgresQueue(schema, 'independent', 1);
      try {
        return await floorLatency(queue, tasks);
      } finally {
        await queue.close();
      }
    });
  return {
    name,
    role: 'floor',
    group: 'postgres',
    independent: (size) => run('independent', size),
    fanOut: (size) => run('fanOut', size),
    chain: (size) => run('chain', size),
    ...(batch === 1 && { latency }),
    lacks: FLOOR_LACKS,
  };
}

interface Work {
  readonly loops: number;
  readonly batch: number;
  readonly total: number;
}

async function workOn(
  queue: PostgresQueue,
  calls: Calls,
  { loops, batch, total }: Work,
): Promise<void> {
  let completed = 0;
  const loop = async (): Promise<void> => {
    while (completed < total) {
      const tasks = await queue.claim(batch);
      if (tasks.length === 0) {
        // Those that are left are claimed by the other loops, or wait for what these complete.
        await sleep(1);
        continue;
      }
      await Promise.all(tasks.map(async (task) => calls.call(task)));
      await queue.complete(tasks);
      completed += tasks.length;
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
}
