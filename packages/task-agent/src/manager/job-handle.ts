import type { JsonValue } from '@dagger/core';
import type { EventStream } from '@dagger/core/kernel';
import type { AnyTaskAgent } from '../agent/agent.ts';
import type { JobEvent } from '../lifecycle/events.ts';
import type { JobStatus } from '../lifecycle/states.ts';
import type { TaskSpec } from '../spec/task-spec.ts';
import type { SpawnedTask } from '../agent/context.ts';
import type { TaskManager } from './task-manager.ts';
import type { JobResult, JobView, TaskView } from './views.ts';
import type { TaskFilter } from './task-filter.ts';

/** A job that was started, here or elsewhere, earlier or now. */
export class JobHandle {
  readonly id: string;
  /** Whether this call started it; false when a job with this id was there. */
  readonly isNew: boolean;
  readonly #manager: TaskManager;
  #done: Promise<JobResult> | undefined;
  #events: EventStream<JobEvent> | undefined;

  /** @internal */
  constructor(manager: TaskManager, id: string, isNew: boolean) {
    this.#manager = manager;
    this.id = id;
    this.isNew = isNew;
  }

  /**
   * What became of the job, when it is over; it does not reject because the job failed.
   * @throws DaggerError MANAGER_CLOSED when the manager is closed before, JOB_UNKNOWN when the job is deleted
   */
  get done(): Promise<JobResult> {
    if (this.#done === undefined) {
      this.#done = this.#manager.followers.ended(this.id).then(() => this.#manager.result(this.id));
      this.#done.catch(() => {});
    }
    return this.#done;
  }

  /**
   * The events, from the beginning where this call started the job, otherwise from now on: an async iterable, and an observable
   * (RxJS takes it). Those of the history come in their order wherever the tasks run; that a task started and how far it is, only from this process.
   */
  get events(): EventStream<JobEvent> {
    return (this.#events ??= this.#manager.watch(this.id, this.isNew ? 'beginning' : 'now'));
  }

  /** @throws DaggerError JOB_UNKNOWN */
  view(): Promise<JobView> {
    return this.#manager.job(this.id);
  }

  /** @throws DaggerError JOB_UNKNOWN */
  async status(): Promise<JobStatus> {
    return (await this.view()).status;
  }

  tasks(filter: Omit<TaskFilter, 'jobId'> = {}): Promise<readonly TaskView[]> {
    return this.#manager.tasks({ ...filter, jobId: this.id });
  }

  /** @throws DaggerError JOB_FINISHED, and as `TaskManager.addTasks` does */
  async add<A extends AnyTaskAgent>(spec: TaskSpec<A>): Promise<SpawnedTask> {
    const [added] = await this.#manager.addTasks(this.id, [spec]);
    return added as SpawnedTask;
  }

  /** @throws DaggerError JOB_FINISHED, and as `TaskManager.addTasks` does */
  addAll(specs: readonly TaskSpec[]): Promise<readonly SpawnedTask[]> {
    return this.#manager.addTasks(this.id, specs);
  }

  /** No further tasks come: an open job ends when the ones that are there have. */
  seal(): Promise<void> {
    return this.#manager.sealJob(this.id);
  }

  cancel(reason?: string): Promise<void> {
    return this.#manager.cancelJob(this.id, reason);
  }

  pause(reason?: string): Promise<void> {
    return this.#manager.pauseJob(this.id, reason);
  }

  resume(): Promise<void> {
    return this.#manager.resumeJob(this.id);
  }

  /** A shared value of the job. */
  state(key: string): Promise<JsonValue | undefined> {
    return this.#manager.jobState(this.id, key);
  }
}
