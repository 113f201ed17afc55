import type { Clock, Storage } from '@dagger/core';
import { TaskManager, type AnyTaskAgent, type JobHandle } from '@dagger/tasks';
import { SimulatedClock } from '../../simulated-clock.ts';
import { taskInvariants } from '../../tasks/invariants.ts';
import { workersIn } from '../../tasks/tables.ts';
import { note, readSideEffects } from '../side-effects.ts';
import type { World } from '../world.ts';
import type { JobsAccount } from './check.ts';
import { trackedAgent, type JobDeed, type JobEffect } from './effects.ts';
import { storageInUse } from './in-use.ts';
import type { JobCrashScenario } from './scenario.ts';
import { eventName, jobStates, type JobStates } from './state.ts';

/** Milliseconds of its clock after which a scenario is taken to hang. */
const LONGEST = 120_000;
/** Looking for tasks that nobody told of would be one more thing that happens by time. */
const RARELY = 3_600_000;

/** Time goes on where the last process had come to, so that its lease is not over yet. */
const clockAfter = (effects: string): SimulatedClock => {
  const times = readSideEffects<JobEffect>(effects).map((e) => ('at' in e ? e.at : 0));
  const last = Math.max(0, ...times);
  return last === 0 ? new SimulatedClock() : new SimulatedClock(last + 1);
};

type Told = (deed: JobDeed) => void;

/** Takes the jobs of a scenario to their ends, after it has taken over what another process left. */
export const playJobs = async (scenario: JobCrashScenario, world: World): Promise<JobsAccount> => {
  const { bare, effects } = world;
  const clock = clockAfter(effects);
  const told: Told = (deed) => note<JobEffect>(effects, { ...deed, at: clock.now() });
  told({ type: 'opened' });
  const observer = await TaskManager.open({ storage: bare, clock, work: false });
  const problems = new Set<string>();
  const examine = async (when: string): Promise<void> => {
    for (const problem of await taskInvariants(bare, { clock }))
      problems.add(`${when}: ${problem}`);
  };
  const found = await jobStates(bare, observer);
  await examine('when it had died');
  const dead = await workersIn(bare);

  const inUse = storageInUse(world.storage);
  const manager = await scenario.open({
    options: {
      storage: inUse.storage,
      clock,
      heartbeatThread: false,
      pollMs: RARELY,
      logger: (level, message, fields) => {
        if (level === 'error') problems.add(`logged: ${message} ${JSON.stringify(fields)}`);
      },
    },
    track: <A extends AnyTaskAgent>(agent: A): A =>
      trackedAgent(agent, (type, attempt) => told({ type, ...attempt })),
    wait: (ms) => clock.wait(ms),
  });
  const jobs = await scenario.start(manager);
  for (const job of jobs) follow(job, told);

  let takenOver: JobStates | undefined;
  for (;;) {
    await inUse.rest();
    await examine('on the way');
    if (takenOver === undefined && !(await anyOf(dead, bare)))
      takenOver = await jobStates(bare, observer);
    if (await scenario.decide?.(manager)) continue;
    if (takenOver !== undefined && (await areOver(jobs))) break;
    if (clock.elapsed > LONGEST) throw await hanging(observer, jobs, clock);
    clock.fireNext();
  }
  for (const { id } of jobs) {
    const { status } = await (await manager.openJob(id)).done;
    told({ type: 'reported', jobId: id, status });
  }
  await manager.close();
  await examine('at the end');
  for (const worker of await workersIn(bare)) problems.add(`at the end: worker ${worker} is left`);
  const final = await jobStates(bare, observer);
  await observer.close();
  return { of: 'jobs', found, takenOver, final, problems: [...problems] };
};

const follow = ({ id: jobId, events }: JobHandle, told: Told): void => {
  told({ type: 'started', jobId });
  events.subscribe((event) => {
    if (event.type === 'TaskStarted' || event.type === 'TaskProgress') return;
    told({ type: 'told', jobId, event: eventName(event) });
  });
};

const anyOf = async (workers: readonly string[], storage: Storage): Promise<boolean> => {
  const there = await workersIn(storage);
  return workers.some((worker) => there.includes(worker));
};

const areOver = async (jobs: readonly JobHandle[]): Promise<boolean> => {
  for (const job of jobs) {
    const status = await job.status();
    if (status === 'running' || status === 'paused') return false;
  }
  return true;
};

const hanging = async (
  observer: TaskManager,
  jobs: readonly JobHandle[],
  clock: Clock,
): Promise<Error> => {
  const lines: string[] = [];
  for (const { id: jobId } of jobs)
    for (const task of await observer.tasks({
      jobId,
      state: ['pending', 'ready', 'in_progress', 'blocked', 'in_review', 'paused'],
    }))
      lines.push(`'${task.id}' is ${task.state}: ${(await observer.why(task.id)).text}`);
  const at = new Date(clock.now()).toISOString();
  return new Error(`it does not come to its end (${at}): ${lines.join('; ')}`);
};
