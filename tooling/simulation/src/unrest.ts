import type { TaskState } from '@dagger/tasks';
import type { Chance } from './chance.ts';
import { checkReasons } from './invariants/why.ts';
import type { People } from './people.ts';
import type { World } from './world/world.ts';

const MOST_WORKERS = 5;

/** Unfinished tasks. */
export const unfinished = (
  world: World,
): Promise<
  readonly {
    readonly id: string;
    readonly job_id: string;
    readonly state: TaskState;
    readonly waiting: number;
    readonly reason: string | null;
  }[]
> =>
  world.database.query(`select id, job_id, state, waiting, reason from dagger_tasks
    where state in ('pending', 'ready', 'in_progress', 'blocked', 'in_review', 'paused') order by job_id, ord, id`);

/** The first part of a schedule: everything may happen, and in any order. @throws Violation */
export const unrest = async (world: World, random: Chance, people: People): Promise<void> => {
  const { plan, observer } = world;
  for (let step = 0; step < plan.steps; step++) {
    if (!(await misfortune(world, random)) && !(await visit(world, random, people)))
      await goOn(world, random, plan.time);
    await world.rest();
    if (step % 100 === 99 && world.office.manager !== undefined)
      await checkReasons(world.manager, await unfinished(world));
    const isOver = [...observer.jobs.values()].every(({ unfinished: n }) => n === 0);
    // Most of what may go wrong needs something that goes on.
    if (isOver && observer.jobs.size > 0 && random.happens(0.1)) return;
  }
};

/**
 * Somebody's commit goes on, or time does; false when nothing can.
 * @param hurry how often time does not wait for those who could go on
 */
export const goOn = async (world: World, random: Chance, hurry = 0): Promise<boolean> => {
  const { waiting } = world;
  if (waiting.length > 0 && !random.happens(hurry)) world.letOn(random.pick(waiting));
  else if (!(await world.passTime())) {
    if (waiting.length === 0) return false;
    world.letOn(random.pick(waiting));
  }
  return true;
};

/** A lease of a worker, and a little: others need a moment to notice. */
const BEYOND_LEASE = 7_500;

/** Either for a moment, or for so long that a lease may end meanwhile. */
const pauseOf = ({ plan }: World, random: Chance): number =>
  random.happens(0.5)
    ? random.whole(500, 4_000)
    : random.whole(BEYOND_LEASE, Math.max(BEYOND_LEASE, plan.longestFreeze));

const misfortune = async (world: World, random: Chance): Promise<boolean> => {
  const { plan } = world;
  const alive = world.inState('alive');
  if (alive.length > 0 && random.happens(plan.freezes)) {
    world.freeze(random.pick(alive), pauseOf(world, random));
    return true;
  }
  const { waiting } = world;
  if (waiting.length > 0 && random.happens(plan.holds)) {
    world.hold(random.pick(waiting), pauseOf(world, random));
    return true;
  }
  if (alive.length > 0 && random.happens(plan.deaths)) {
    world.kill(random.pick([...alive, ...world.inState('frozen', 'closing')]));
    return true;
  }
  const open = alive.filter(({ manager }) => manager !== undefined);
  if (open.length > 0 && random.happens(plan.closings)) {
    world.close(random.pick(open));
    return true;
  }
  const isRoom = world.inState('alive', 'frozen').length < MOST_WORKERS;
  if (isRoom && random.happens(plan.starts)) {
    world.startWorker(random.happens(0.6));
    return true;
  }
  return Promise.resolve(false);
};

/** A person does something, at the office or where a worker runs. */
const visit = async (world: World, random: Chance, people: People): Promise<boolean> => {
  if (!random.happens(world.plan.people)) return false;
  const places = [world.office, ...world.inState('alive')].filter(
    ({ manager }) => manager !== undefined,
  );
  if (places.length === 0) return false;
  const place = random.pick(places);
  if (place.manager === undefined) return false;
  world.trace.push(`at ${place.name}: ${await people.act(place.manager)}`);
  return true;
};
