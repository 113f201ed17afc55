import type { Chance } from './chance.ts';
import { violated } from './invariants/violation.ts';
import { checkReasons } from './invariants/why.ts';
import type { People } from './people.ts';
import { goOn, unfinished } from './unrest.ts';
import type { World } from './world/world.ts';

/** Simulated milliseconds without any change after which something that should move is stuck. */
const PATIENCE = 90_000;
const MOST_STEPS = 20_000;
/** How often people look at what waits for them; towards the end they only cancel. */
const ROUNDS = 12;
const PATIENT_ROUNDS = 5;

/**
 * The second part of a schedule: nobody dies any more, each agent is known to somebody, and people decide what is left to
 * them; so every job must come to its end. @throws Violation
 */
export const peace = async (world: World, random: Chance, people: People): Promise<void> => {
  for (const worker of world.inState('frozen')) world.thaw(worker);
  for (const parked of world.gates.parked) parked.until = 0;
  if (!world.inState('alive').some(({ knowsRare }) => knowsRare)) world.startWorker(true);
  await quiet(world, random);
  for (let round = 1; round <= ROUNDS; round++) {
    await checkReasons(world.manager, await unfinished(world));
    if (isAllOver(world)) break;
    await decideAll(world, people, round);
    await world.rest();
    await quiet(world, random);
  }
  if (!isAllOver(world))
    violated(`what people decided did not end everything: ${await left(world)}`);
};

const isAllOver = ({ observer }: World): boolean =>
  observer.jobs.size > 0 &&
  [...observer.jobs.values()].every(({ status }) => status !== 'running' && status !== 'paused');

/** Everybody works until nothing moves by itself. */
const quiet = async (world: World, random: Chance): Promise<void> => {
  const { observer, clock } = world;
  let { moves } = observer;
  let since = clock.now();
  for (let step = 0; step < MOST_STEPS; step++) {
    const { waiting } = world;
    if (observer.isAnyMovable) await goOn(world, random);
    // What is under way is done; time has nothing more to bring.
    else if (waiting.length > 0) world.letOn(random.pick(waiting));
    else return;
    await world.rest();
    if (observer.moves !== moves) {
      moves = observer.moves;
      since = clock.now();
    } else if (clock.now() - since > PATIENCE)
      violated(`nothing has moved for ${PATIENCE} ms: ${await left(world)}`);
  }
  violated(`no end after ${MOST_STEPS} steps: ${await left(world)}`);
};

const left = async (world: World): Promise<string> => {
  const lines: string[] = [];
  for (const { id } of await unfinished(world)) {
    const { state, text } = await world.manager.why(id);
    lines.push(`'${id}' is ${state}: ${text}`);
  }
  for (const { id, status } of world.observer.jobs.values()) lines.push(`'${id}' is ${status}`);
  return lines.join('; ');
};

const decideAll = async (world: World, people: People, round: number): Promise<void> => {
  const { manager, observer } = world;
  const decide = (what: string, deed: Promise<unknown>): void => {
    world.trace.push(`a decision: ${what}`);
    people.attempt(deed);
  };
  const tasks = await unfinished(world);
  for (const { id, status, open } of observer.jobs.values()) {
    if (status === 'paused') decide(`resume ${id}`, manager.resumeJob(id));
    if (open !== 0 && !tasks.some(({ job_id }) => job_id === id))
      decide(`seal ${id}`, manager.sealJob(id));
  }
  for (const { id, state, waiting } of tasks) {
    if (round > PATIENT_ROUNDS) decide(`cancel ${id}`, manager.cancelTask(id));
    else if (state === 'in_review') decide(`accept ${id}`, manager.accept(id));
    else if (state === 'paused') decide(`resume ${id}`, manager.resumeTask(id));
    else if (state === 'blocked' && waiting === 0) decide(`retry ${id}`, manager.retryTask(id));
  }
};

/** Everybody works for at most some seconds until something is seen. */
export const until = async (world: World, random: Chance, isSeen: () => boolean): Promise<void> => {
  const end = world.clock.now() + 5_000;
  while (!isSeen() && world.clock.now() < end && (await goOn(world, random))) await world.rest();
};

/** Whoever closes leaves nothing behind. */
export const closeAll = async (world: World, random: Chance): Promise<void> => {
  const areStarted = (): boolean =>
    world.inState('alive').every(({ manager }) => manager !== undefined);
  await until(world, random, areStarted);
  for (const worker of [...world.inState('alive'), world.office]) world.close(worker);
  const isOpen = (): boolean =>
    world.office.state !== 'closed' || world.inState('closing').length > 0;
  for (let step = 0; isOpen(); step++) {
    if (step > MOST_STEPS || !(await goOn(world, random)))
      violated(
        `not closed: ${world
          .inState('closing')
          .map(({ name }) => name)
          .join(', ')}`,
      );
    await world.rest();
  }
};
