import { sql } from 'kysely';
import type { JobConfig } from '../spec/job-spec.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { each } from '@dagger/core/kernel';
import type { JobRow } from '../store/tables.ts';
import { addTasks } from './add-tasks.ts';
import type { Unit } from './unit.ts';

/** A job to be started, read and checked. */
export interface JobDraft {
  readonly id: string;
  readonly title: string | null;
  readonly config: JobConfig;
  readonly open: boolean;
  readonly timeoutMs: number | null;
  readonly stallAfterMs: number | null;
  /** First shared values: keys, and values as JSON. */
  readonly state: readonly (readonly [key: string, value: string])[];
  readonly tasks: readonly TaskDraft[];
}

/** Stores a job with its first tasks, all or nothing; false when the id is taken, and then nothing is written. */
export const startJob = async (unit: Unit, job: JobDraft): Promise<boolean> => {
  const row: JobRow = {
    id: job.id,
    title: job.title,
    status: 'running',
    config: JSON.stringify(job.config),
    open: job.open ? 1 : 0,
    total: 0,
    unfinished: 0,
    movable: 0,
    failed: 0,
    tokens: 0,
    seq: 0,
    stalls: 0,
    created_at: unit.now,
    progressed_at: unit.now,
    stall_after_ms: job.stallAfterMs,
    due_at: job.timeoutMs === null ? null : unit.now + job.timeoutMs,
    finished_at: null,
    error: null,
  };
  const inserted = await unit.trx
    .insertInto('dagger_jobs')
    .values(row)
    .onConflict((c) => c.column('id').doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 0n) return false;
  unit.made(row);
  if (job.state.length > 0)
    await sql`insert into dagger_job_state (job_id, key, value)
      select cast(${job.id} as text), c0, c1 from ${each(unit.storage.abilities, ['text', 'text'], job.state)}`.execute(
      unit.trx,
    );
  await addTasks(unit, job.id, job.tasks, { by: null, told: false });
  unit.change(job.id, {});
  return true;
};
