import type { JobEvent } from '@dagger/tasks';
import { chance } from './chance.ts';
import { Followers } from './followers.ts';
import { checkAccounts } from './invariants/accounts.ts';
import { Violation } from './invariants/violation.ts';
import { jobOf } from './load/job.ts';
import { People } from './people.ts';
import { closeAll, peace, until } from './peace.ts';
import { planOf } from './plan.ts';
import { unrest } from './unrest.ts';
import type { Database } from './world/database.ts';
import type { Tamper } from './world/process.ts';
import { World } from './world/world.ts';

/** One schedule, and what became of it. */
export interface Outcome {
  readonly seed: string;
  /** What happened, in order. */
  readonly trace: readonly string[];
  /** What must not be, and was; undefined when everything held. */
  readonly violation: string | undefined;
  /** Changes of state of tasks. */
  readonly moves: number;
}

export interface SimulateOptions {
  readonly database: Database;
  /** Breaks something, to see that it is noticed. */
  readonly tamper?: Tamper;
}

/** Runs the schedule of a seed: always the same one, however often. */
export const simulate = async (
  seed: string,
  { database, tamper }: SimulateOptions,
): Promise<Outcome> => {
  await database.empty();
  const world = new World(seed, planOf(seed), { database, tamper });
  let violation: string | undefined;
  try {
    await run(world);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  for (const worker of [...world.workers, world.office])
    if (worker.state !== 'closed' && worker.state !== 'dead') world.kill(worker);
  return { seed, trace: world.trace, violation, moves: world.observer.moves };
};

const run = async (world: World): Promise<void> => {
  const { seed, plan, database } = world;
  const random = chance(`${seed} schedule`);
  const people = new People(chance(`${seed} people`), database, world.fail);
  await world.rest();
  const followers = new Followers();
  for (let i = 1; i <= plan.jobs; i++)
    world.manager.startJob(jobOf(seed, `job${i}`)).then((job) => {
      if (plan.follows) followers.follow(job);
    }, world.fail);
  for (let i = 0; i < plan.workers; i++) world.startWorker(random.happens(0.6));
  await world.rest();
  await unrest(world, random, people);
  world.isUnrest = false;
  await peace(world, random, people);
  await until(world, random, () => followers.areDone);
  followers.check(await histories(world));
  await closeAll(world, random);
  await checkAccounts(database, world.observer);
};

const histories = async ({
  manager,
  observer,
}: World): Promise<ReadonlyMap<string, readonly JobEvent[]>> => {
  const known = new Map<string, readonly JobEvent[]>();
  for (const id of observer.jobs.keys()) known.set(id, await manager.history(id));
  return known;
};
