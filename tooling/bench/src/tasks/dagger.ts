import { TaskManager, type TaskSpec } from '@dagger/tasks';
import { withTempFile } from '../durable/temp-file.ts';
import { POSTGRES } from '../servers.ts';
import { tasksIn, waitsFor, withCalls, type Calls } from './calls.ts';
import type { Group, Shape, TaskContender } from './contender.ts';
import { latencyBetween, latencyWithin } from './latency.ts';
import { withSchema } from './places.ts';
import { measureRecovery } from './recovery.ts';
import type { TaskSystem } from './system.ts';

type Storage = Exclude<Group, 'redis'>;

/** Tasks that run at the same time; everything else is as it comes. */
const CONCURRENCY = 50;
/** The job to which single tasks are added, whoever opens the place first. */
const JOB = 'bench';
const AGENT = 'work';

/** By each storage, as a worker process opens it. */
export const daggerSystems: Readonly<Record<Storage, TaskSystem>> = {
  'sqlite normal': systemOn('sqlite normal'),
  'sqlite full': systemOn('sqlite full'),
  postgres: systemOn('postgres'),
};

export const daggerContenders: readonly TaskContender[] = (
  ['sqlite normal', 'sqlite full', 'postgres'] satisfies Storage[]
).map((storage) => {
  const system = `dagger, ${storage}` as const;
  const run = (shape: Shape, size: number): Promise<number> =>
    withCalls(system, shape, size, (calls) =>
      atPlace(storage, (place) => runJob(urlOf(storage, place), shape, size, calls)),
    );
  return {
    name: 'dagger',
    role: 'dagger',
    group: storage,
    independent: (size) => run('independent', size),
    fanOut: (size) => run('fanOut', size),
    chain: (size) => run('chain', size),
    latency: (tasks) => atPlace(storage, (place) => latencyWithin(system, place, tasks)),
    latencyAcross: (tasks) => atPlace(storage, (place) => latencyBetween(system, place, tasks)),
    recovery: () => atPlace(storage, (place) => measureRecovery(system, place)),
  };
});

/** A file or the name of a schema, as `TaskSystem.open` takes it. */
function atPlace<T>(storage: Storage, use: (place: string) => Promise<T>): Promise<T> {
  return storage === 'postgres' ? withSchema(use) : withTempFile(use);
}

function urlOf(storage: Storage, place: string): string {
  if (storage === 'postgres')
    return `${POSTGRES}${POSTGRES.includes('?') ? '&' : '?'}schema=${place}`;
  return `sqlite:${place}?durability=${storage === 'sqlite full' ? 'full' : 'normal'}`;
}

function systemOn(storage: Storage): TaskSystem {
  return {
    async open(place, handler) {
      const manager = await TaskManager.open({
        storage: urlOf(storage, place),
        ...(handler === undefined
          ? { remoteAgents: [AGENT] }
          : {
              agents: [{ name: AGENT, execute: handler }],
              concurrency: CONCURRENCY,
              drainSeconds: 0,
            }),
      });
      const job = await manager.startJob({ id: JOB, open: true });
      let added = 0;
      return {
        enqueue: () => job.add({ agent: AGENT, key: `${process.pid}-${(added += 1)}` }),
        close: () => manager.close(),
      };
    },
  };
}

async function runJob(url: string, shape: Shape, size: number, calls: Calls): Promise<number> {
  const execute = async ({ input }: { readonly input: { readonly task: number } }): Promise<void> =>
    calls.call(input.task);
  await using manager = await TaskManager.open({
    storage: url,
    agents: [{ name: AGENT, execute }],
    concurrency: CONCURRENCY,
  });
  const began = performance.now();
  const job = await manager.startJob({
    tasks: Array.from({ length: tasksIn(shape, size) }, (_, task): TaskSpec => {
      const before = waitsFor(shape, task);
      return {
        agent: AGENT,
        key: String(task),
        input: { task },
        ...(before === undefined ? {} : { needs: [String(before)] }),
      };
    }),
  });
  const { success } = await job.done;
  if (!success) throw new Error('a task failed');
  return performance.now() - began;
}
