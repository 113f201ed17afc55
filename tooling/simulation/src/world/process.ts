import type { Ids, Logger, Storage } from '@dagger/core';
import { TaskManager } from '@dagger/tasks';
import { interposed, seededIds } from '@dagger/testing';
import { agentsOf, type AgentHost } from '../load/agents.ts';
import { chance } from '../chance.ts';
import type { Plan } from '../plan.ts';
import type { Gates } from './gates.ts';
import type { ProcessClock } from './process-clock.ts';

/** A process with a task manager: a worker, or the office from which people act. */
export interface Process {
  readonly name: string;
  readonly clock: ProcessClock;
  /** Undefined until it has started. */
  manager: TaskManager | undefined;
  state: 'alive' | 'frozen' | 'closing' | 'closed' | 'dead';
  /** When it is to go on, in milliseconds since the epoch. */
  thawAt: number;
  readonly knowsRare: boolean;
}

/** How the storage of a process differs from what it should be; for tests of the simulation itself. */
export type Tamper = (storage: Storage) => Storage;

export interface ProcessOptions {
  readonly seed: string;
  readonly plan: Plan;
  readonly storage: Storage;
  readonly gates: Gates;
  readonly clock: ProcessClock;
  readonly logger: Logger;
  readonly began: AgentHost['began'];
  readonly faults: () => boolean;
  readonly tamper: Tamper | undefined;
}

const noAnswer = (what: string): Error =>
  Object.assign(new Error(`injected: ${what}`), { code: 'CONNECTION_LOST' });

/** The one database, seen through a connection on which each commit waits for its turn, and some go wrong. */
const connection = (
  name: string,
  { seed, storage, gates, plan, faults, tamper }: ProcessOptions,
): Storage => {
  const random = chance(`${seed} faults of ${name}`);
  let commits = 0;
  return {
    ...interposed(tamper === undefined ? storage : tamper(storage), async (work) => {
      const label = `commit ${++commits}`;
      await gates.park(name, label, false);
      if (faults() && random.happens(plan.refusals)) throw noAnswer('not connected');
      try {
        return await work();
      } finally {
        await gates.park(name, `${label} is back`, true);
        if (faults() && random.happens(plan.lostAnswers))
          // oxlint-disable-next-line no-unsafe-finally
          throw noAnswer('no answer');
      }
    }),
    // The tables are there.
    migrate: () => Promise.resolve(),
  };
};

/** Starts a process; it takes part when the schedule has let its first commit on. */
export const startProcess = (
  name: string,
  options: ProcessOptions & { readonly works: boolean; readonly knowsRare: boolean },
): Process => {
  const { seed, plan, clock, logger, began, works, knowsRare } = options;
  const ids: Ids = seededIds(`${seed} ${name}`);
  const started: Process = {
    name,
    clock,
    manager: undefined,
    state: 'alive',
    thawAt: 0,
    knowsRare,
  };
  const random = chance(`${seed} ${name}`);
  void TaskManager.open({
    storage: connection(name, options),
    agents: agentsOf({ seed, clock, began }, { knowsRare }),
    work: works,
    remoteAgents: ['rare'],
    concurrency: plan.slots,
    maxPrefetch: plan.prefetch,
    pollMs: plan.pollMs,
    heartbeatThread: false,
    timeout: random.whole(20, 60),
    drainSeconds: random.whole(1, 5),
    clock,
    ids,
    logger,
  }).then(
    (manager) => (started.manager = manager),
    () => (started.state = 'dead'),
  );
  return started;
};
