import type { JsonValue, Storage } from '@dagger/core';
import type { SpawnedTask } from '../agent/context.ts';
import type { TaskDraft } from '../spec/draft.ts';
import type { OnDependencyFailure } from '../spec/task-spec.ts';
import { taskRow } from '../store/reads.ts';
import type { TaskRow } from '../store/tables.ts';
import { addDependencies } from '../unit/add-edges.ts';
import { addTasks } from '../unit/add-tasks.ts';
import { cancelTasks } from '../unit/cancel.ts';
import type { Commits } from '../unit/commits.ts';
import { ownTask, type Grip } from '../unit/own-task.ts';
import { reopenTask } from '../unit/reopen.ts';
import { unknownTask, type Unit } from '../unit/unit.ts';

const UNDER_WAY: readonly string[] = ['pending', 'ready', 'in_progress'];

/** What an attempt changes in its job while it runs. Each write shows that the task is still its own. */
export class Errands {
  readonly #storage: Storage;
  readonly #commits: Commits;
  readonly #grip: Grip;

  constructor(storage: Storage, commits: Commits, grip: Grip) {
    this.#storage = storage;
    this.#commits = commits;
    this.#grip = grip;
  }

  #fenced<T>(run: (unit: Unit, own: TaskRow) => Promise<T>): Promise<T> {
    return this.#commits.do({
      jobs: [this.#grip.jobId],
      run: async (unit) => run(unit, await ownTask(unit, this.#grip)),
    });
  }

  /** @throws DaggerError TASK_UNKNOWN where it is no task of this job */
  async #taskOfJob(unit: Unit, taskId: string): Promise<TaskRow> {
    const row = await taskRow(unit.trx, taskId);
    if (row?.job_id !== this.#grip.jobId) throw unknownTask(taskId, this.#storage);
    return row;
  }

  async spawn(draft: TaskDraft): Promise<SpawnedTask> {
    const { jobId, taskId } = this.#grip;
    const added = await this.#fenced((unit) => addTasks(unit, jobId, [draft], { by: taskId }));
    return { taskId: draft.id, isNew: added.includes(draft.id) };
  }

  /** Gives whether the task did not need the other one before. */
  addDependency(taskId: string, onFailure: OnDependencyFailure): Promise<boolean> {
    return this.#fenced((unit, own) => addDependencies(unit, own, [{ id: taskId, onFailure }]));
  }

  async cancel(taskId: string, reason: string): Promise<void> {
    const { jobId, taskId: own } = this.#grip;
    await this.#fenced(async (unit) => {
      await this.#taskOfJob(unit, taskId);
      await cancelTasks(unit, jobId, { reason, root: taskId, except: own });
    });
  }

  async reopen(taskId: string, input: JsonValue | undefined): Promise<void> {
    await this.#fenced(async (unit) => {
      const row = await this.#taskOfJob(unit, taskId);
      // An earlier run of this agent did it already, or somebody else.
      if (UNDER_WAY.includes(row.state)) return;
      await reopenTask(unit, row, {
        by: this.#grip.taskId,
        ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      });
    });
  }
}
