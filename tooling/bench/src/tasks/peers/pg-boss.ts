import { PgBoss, type FlowJob } from 'pg-boss';
import { POSTGRES } from '../../servers.ts';
import { tasksIn, waitsFor, withCalls } from '../calls.ts';
import type { Shape, TaskContender } from '../contender.ts';
import { latencyBetween, latencyWithin } from '../latency.ts';
import { withClient, withSchema } from '../places.ts';
import type { TaskSystem } from '../system.ts';
import { BATCHED, FLOW, PLAIN, type BossSettings } from './pg-boss-settings.ts';
import { untilEmpty } from './until-empty.ts';

const QUEUE = 'tasks';

function run(shape: Shape, size: number, settings: BossSettings): Promise<number> {
  return withCalls('pg-boss', shape, size, (calls) =>
    withSchema(async (schema) => {
      const boss = await openBoss(schema, settings);
      try {
        await boss.work<{ task: number }>(QUEUE, settings.work, async (jobs) => {
          for (const { data } of jobs) calls.call(data.task);
        });
        return await withClient(async (client) => {
          const began = performance.now();
          await enqueue(boss, shape, tasksIn(shape, size));
          await calls.all;
          await untilEmpty(
            client,
            `select from ${schema}.job where name = '${QUEUE}' and state <> 'completed'`,
          );
          return performance.now() - began;
        });
      } finally {
        await boss.stop();
      }
    }),
  );
}

async function enqueue(boss: PgBoss, shape: Shape, total: number): Promise<void> {
  const tasks = Array.from({ length: total }, (_, task) => task);
  if (shape === 'independent') {
    await boss.insert(
      QUEUE,
      tasks.map((task) => ({ data: { task } })),
    );
    return;
  }
  await boss.flow(
    tasks.map((task): FlowJob => {
      const before = waitsFor(shape, task);
      const dependsOn = before === undefined ? [] : [String(before)];
      return { ref: String(task), name: QUEUE, data: { task }, dependsOn };
    }),
  );
}

async function openBoss(schema: string, settings: BossSettings): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: POSTGRES,
    schema,
    schedule: false,
    ...settings.boss,
  });
  boss.on('error', (error) => {
    throw error;
  });
  await boss.start();
  if ((await boss.getQueue(QUEUE)) === null)
    await boss.createQueue(QUEUE, { notify: settings.notify });
  return boss;
}

export const pgBossSystem: TaskSystem = {
  open: async (schema, handler) => {
    const boss = await openBoss(schema, BATCHED);
    if (handler) await boss.work(QUEUE, async () => handler());
    return { enqueue: () => boss.send(QUEUE, {}), close: () => boss.stop() };
  },
};

const RECOVERY =
  'pg-boss: the tasks of a dead worker run again after 15 minutes by default (expireInSeconds 900)';

export const pgBossContenders: readonly TaskContender[] = [
  {
    name: 'pg-boss, batches of 500',
    role: 'peer',
    group: 'postgres',
    independent: (size) => run('independent', size, BATCHED),
    fanOut: (size) => run('fanOut', size, FLOW),
    chain: (size) => run('chain', size, FLOW),
    latency: (tasks) => withSchema((schema) => latencyWithin('pg-boss', schema, tasks)),
    latencyAcross: (tasks) => withSchema((schema) => latencyBetween('pg-boss', schema, tasks)),
    lacks: { recovery: RECOVERY },
    // A second and more for each task.
    fewer: { chain: 5 },
  },
  {
    name: 'pg-boss, one by one',
    role: 'peer',
    group: 'postgres',
    independent: (size) => run('independent', size, PLAIN),
    lacks: {
      fanOut: 'pg-boss: measured in batches',
      chain: 'pg-boss: measured in batches',
      latency: 'pg-boss: measured once, LISTEN/NOTIFY on',
      recovery: RECOVERY,
    },
  },
];
