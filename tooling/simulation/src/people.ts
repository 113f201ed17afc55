import { DaggerError } from '@dagger/core';
import type { TaskManager, TaskState } from '@dagger/tasks';
import type { Chance } from './chance.ts';
import { taskOf } from './load/task.ts';
import type { Database } from './world/database.ts';

interface Known {
  readonly id: string;
  readonly job_id: string;
  readonly state: TaskState;
}

/** What a person may be told; everything else is a fault of the product. */
const ANSWERS: ReadonlySet<string> = new Set([
  'TASK_STATE',
  'TASK_CYCLE',
  'TASK_UNKNOWN',
  'JOB_FINISHED',
  'JOB_UNKNOWN',
  'LIMIT_REACHED',
  'MANAGER_CLOSED',
  // Where commits go wrong for too long.
  'STORAGE_FAILED',
]);

/** Something that a person does, with its name. */
interface Deed {
  readonly what: string;
  readonly act: (manager: TaskManager) => Promise<unknown>;
}

const deedOn = (random: Chance, tasks: readonly Known[], added: number): Deed | undefined => {
  const [first] = tasks;
  if (first === undefined) return undefined;
  const task = random.pick(tasks);
  const other = random.pick(tasks);
  const { id, job_id: job } = task;
  const on = (what: string, act: Deed['act']): Deed => ({ what: `${what} ${id}`, act });
  const inState = (...states: TaskState[]): readonly Known[] =>
    tasks.filter(({ state }) => states.includes(state));
  const retry = inState('failed', 'rejected', 'cancelled', 'skipped', 'blocked');
  const review = inState('in_review');
  const held = inState('paused');
  return random.weighed<() => Deed>([
    [() => on('cancel', (m) => m.cancelTask(id)), 3],
    [() => on('pause', (m) => m.pauseTask(id, random.pick(['', 'wait']))), 4],
    [
      () => {
        const { id } = random.pick(held.length > 0 ? held : tasks);
        return { what: `resume ${id}`, act: (m) => m.resumeTask(id) };
      },
      6,
    ],
    [
      () => {
        const { id } = random.pick(retry.length > 0 ? retry : tasks);
        return { what: `retry ${id}`, act: (m) => m.retryTask(id) };
      },
      6,
    ],
    [
      () => {
        const { id } = random.pick(review.length > 0 ? review : tasks);
        return random.happens(0.5)
          ? { what: `accept ${id}`, act: (m) => m.accept(id) }
          : { what: `reject ${id}`, act: (m) => m.reject(id, 'no') };
      },
      4,
    ],
    [() => ({ what: `pause ${job}`, act: (m) => m.pauseJob(job) }), 2],
    [() => ({ what: `resume ${job}`, act: (m) => m.resumeJob(job) }), 5],
    [
      () =>
        on(`need ${other.id} in`, (m) =>
          m.addDependency(id, {
            task: other.id,
            onFailure: random.pick(['fail', 'skip', 'continue'] as const),
          }),
        ),
      4,
    ],
    [
      () => ({
        what: `add p${added} to ${job}`,
        act: (m) =>
          m.addTasks(job, [
            {
              ...taskOf(random, { key: `p${added}`, depth: 1, first: 5 }),
              needs: random.happens(0.5) ? [{ task: id, onFailure: 'continue' }] : [],
              ...(random.happens(0.3) ? { parent: other.job_id === job ? other.id : null } : {}),
            },
          ]),
      }),
      3,
    ],
    [() => ({ what: `cancel ${job}`, act: (m) => m.cancelJob(job) }), 0.3],
    [() => ({ what: `seal ${job}`, act: (m) => m.sealJob(job) }), 0.5],
  ])();
};

/** The people who look at jobs from time to time and change something. */
export class People {
  readonly #random: Chance;
  readonly #database: Database;
  readonly #failed: (error: unknown) => void;
  #deeds = 0;

  constructor(random: Chance, database: Database, failed: (error: unknown) => void) {
    this.#random = random;
    this.#database = database;
    this.#failed = failed;
  }

  /** Begins something; gives what it is. */
  async act(manager: TaskManager): Promise<string> {
    const tasks = await this.#database.query<Known>(
      'select id, job_id, state from dagger_tasks order by job_id, ord, id',
    );
    const deed = deedOn(this.#random, tasks, ++this.#deeds);
    if (deed === undefined) return 'nothing';
    this.attempt(deed.act(manager));
    return deed.what;
  }

  /** Waits for an answer that may be a refusal. */
  attempt(deed: Promise<unknown>): void {
    deed.catch((error: unknown) => {
      if (!(error instanceof DaggerError && ANSWERS.has(error.code))) this.#failed(error);
    });
  }
}
