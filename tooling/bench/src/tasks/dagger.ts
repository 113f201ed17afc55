import { NotPossible } from '../contender.ts';
import { withTempFile } from '../durable/temp-file.ts';
import { withCalls } from './calls.ts';
import type { Group, Shape, TaskContender } from './contender.ts';
import { latencyBetween, latencyWithin } from './latency.ts';
import { withSchema } from './places.ts';
import { measureRecovery } from './recovery.ts';
import type { TaskSystem } from './system.ts';

type Storage = Exclude<Group, 'redis'>;

/** By each storage, as a worker process opens it. */
export const daggerSystems: Readonly<Record<Storage, TaskSystem>> = {
  'sqlite normal': { open: notThere },
  'sqlite full': { open: notThere },
  postgres: { open: notThere },
};

export const daggerContenders: readonly TaskContender[] = (
  ['sqlite normal', 'sqlite full', 'postgres'] satisfies Storage[]
).map((storage) => {
  const system = `dagger, ${storage}` as const;
  const run = (shape: Shape, size: number): Promise<number> =>
    withCalls(system, shape, size, () => atPlace(storage, notThere));
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

async function notThere(): Promise<never> {
  throw new NotPossible('not there yet');
}
