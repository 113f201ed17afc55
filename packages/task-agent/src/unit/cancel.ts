import { sql } from 'kysely';
import { writeReason } from '../lifecycle/reason.ts';
import { TRANSITIONS, type TaskState } from '../lifecycle/states.ts';
import { among } from '@dagger/core/kernel';
import { states } from '../store/states-sql.ts';
import { followSetbacks } from './end-tasks.ts';
import { isMovable } from './movable.ts';
import type { Unit } from './unit.ts';
import { below, ofJob } from '../store/below.ts';

interface Cancellable {
  readonly id: string;
  readonly state: TaskState;
  readonly waiting: number;
  readonly worker: string | null;
}

export interface Cancellation {
  readonly reason: string;
  /** This task and everything below it. Default: the whole job. */
  readonly root?: string;
  /** A task that stays, such as the one that asks. */
  readonly except?: string;
}

/**
 * Cancels what has not ended: those in progress get their signal, and what they still give back is dropped. Gives the
 * ids. The lock of the job must be held.
 */
export const cancelTasks = async (
  unit: Unit,
  jobId: string,
  { reason, root, except }: Cancellation,
): Promise<readonly string[]> => {
  const from = states(TRANSITIONS.cancel.from);
  const { rows } = await (
    root === undefined
      ? sql<Cancellable>`select id, state, waiting, worker from dagger_tasks
        where ${ofJob(jobId)} and state in ${from}`
      : sql<Cancellable>`select id, state, waiting, worker from dagger_tasks
        where (id = ${root} or ${below(root)}) and ${ofJob(jobId)} and state in ${from}`
  ).execute(unit.trx);
  const cancelled = rows.filter(({ id }) => id !== except);
  if (cancelled.length === 0) return [];
  await sql`update dagger_tasks set state = 'cancelled', reason = ${writeReason({ kind: 'cancelled', message: reason })},
      finished_at = ${unit.now}, worker = null, deadline = null
    where id ${among(
      unit.storage.abilities,
      cancelled.map(({ id }) => id),
    )}`.execute(unit.trx);
  for (const { id, state, waiting, worker } of cancelled) {
    unit.change(jobId, { unfinished: -1, movable: isMovable(state, waiting) ? -1 : 0 });
    unit.log(jobId, { type: 'TaskCancelled', taskId: id, reason });
    if (worker !== null) unit.interrupted.add(worker);
  }
  await followSetbacks(
    unit,
    cancelled.map(({ id }) => ({ id, jobId, setback: 'cancelled' })),
  );
  return cancelled.map(({ id }) => id);
};
