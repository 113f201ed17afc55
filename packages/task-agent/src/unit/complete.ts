import { sql } from 'kysely';
import { each } from '@dagger/core/kernel';
import { STILL_OWN } from './own-task.ts';
import { releaseDependents } from './release.ts';
import type { Unit } from './unit.ts';

/** An attempt that came to its end with an output. */
export interface Completion {
  readonly taskId: string;
  readonly jobId: string;
  readonly fence: number;
  /** JSON. */
  readonly output: string;
}

interface Completed {
  readonly id: string;
  readonly job_id: string;
  readonly blocking: number;
}

/**
 * Completes many tasks at once and releases what waited for them. Gives the ids of those that were still the attempts' own:
 * the others were taken away, and their output is dropped.
 */
export const completeTasks = async (
  unit: Unit,
  completions: readonly Completion[],
): Promise<ReadonlySet<string>> => {
  if (completions.length === 0) return new Set();
  const rows = completions.map(({ taskId, fence, output }) => [taskId, fence, output]);
  const { rows: done } =
    await sql<Completed>`update dagger_tasks set state = 'completed', output = e.c2,
      error = null, reason = null, worker = null, deadline = null, finished_at = ${unit.now}
    from ${each(unit.storage.abilities, ['text', 'number', 'text'], rows)}
    where dagger_tasks.id = e.c0 and ${STILL_OWN}
    returning dagger_tasks.id, dagger_tasks.job_id, dagger_tasks.blocking`.execute(unit.trx);
  for (const { id, job_id } of done) {
    unit.change(job_id, { unfinished: -1, movable: -1 });
    unit.log(job_id, { type: 'TaskCompleted', taskId: id });
  }
  await releaseDependents(
    unit,
    done.filter(({ blocking }) => blocking !== 0).map(({ id }) => id),
  );
  return new Set(done.map(({ id }) => id));
};
