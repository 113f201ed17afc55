import {
  Logger,
  makeWorkerUtils,
  run as startRunner,
  type Runner,
  type WorkerUtils,
} from 'graphile-worker';
import { POSTGRES } from '../../servers.ts';
import { withCalls } from '../calls.ts';
import type { TaskContender } from '../contender.ts';
import { latencyBetween, latencyWithin } from '../latency.ts';
import { withClient, withSchema } from '../places.ts';
import type { TaskSystem } from '../system.ts';
import { untilEmpty } from './until-empty.ts';

const CONCURRENCY = 24;
const TASK = 'noop';
const logger = new Logger(() => () => {});

type Preset = NonNullable<NonNullable<Parameters<typeof startRunner>[0]['preset']>['worker']>;

/** The settings that its own page on performance calls the fastest. */
const BATCHED: Preset = {
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

function run(size: number, worker: Preset): Promise<number> {
  return withCalls('graphile-worker', 'independent', size, (calls) =>
    withSchema(async (schema) => {
      const utils = await openUtils(schema);
      const handler = async (payload: unknown): Promise<void> =>
        calls.call((payload as { task: number }).task);
      const runner = await work(schema, worker, handler);
      const jobs = Array.from({ length: size }, (_, task) => ({
        identifier: TASK,
        payload: { task },
      }));
      try {
        return await withClient(async (client) => {
          const began = performance.now();
          await utils.addJobs(jobs);
          await calls.all;
          await untilEmpty(client, `select from ${schema}._private_jobs`);
          return performance.now() - began;
        });
      } finally {
        await runner.stop();
        await utils.release();
      }
    }),
  );
}

async function openUtils(schema: string): Promise<WorkerUtils> {
  const utils = await makeWorkerUtils({ connectionString: POSTGRES, schema, logger });
  await utils.migrate();
  return utils;
}

function work(
  schema: string,
  worker: Preset,
  handler: (payload: unknown) => Promise<void>,
): Promise<Runner> {
  return startRunner({
    preset: { worker },
    connectionString: POSTGRES,
    schema,
    logger,
    concurrency: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 1,
    noHandleSignals: true,
    parsedCronItems: [],
    taskList: { [TASK]: handler },
  });
}

export const graphileSystem: TaskSystem = {
  open: async (schema, handler) => {
    const utils = await openUtils(schema);
    const runner = handler && (await work(schema, {}, handler));
    return {
      enqueue: () => utils.addJob(TASK, {}),
      close: async () => {
        await runner?.stop();
        await utils.release();
      },
    };
  },
};

const NO_DEPENDENCIES = 'graphile-worker: no dependencies between tasks';
const LACKS = {
  fanOut: NO_DEPENDENCIES,
  chain: NO_DEPENDENCIES,
  recovery:
    'graphile-worker: the tasks of a dead worker run again after 4 hours, which is not configurable',
};

export const graphileContenders: readonly TaskContender[] = [
  {
    name: 'graphile-worker',
    role: 'peer',
    group: 'postgres',
    independent: (size) => run(size, {}),
    latency: (tasks) => withSchema((schema) => latencyWithin('graphile-worker', schema, tasks)),
    latencyAcross: (tasks) =>
      withSchema((schema) => latencyBetween('graphile-worker', schema, tasks)),
    lacks: LACKS,
  },
  {
    name: 'graphile-worker, local queue',
    role: 'peer',
    group: 'postgres',
    independent: (size) => run(size, BATCHED),
    lacks: { ...LACKS, latency: 'graphile-worker: measured once, without a local queue' },
  },
];
