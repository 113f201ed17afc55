import { sql } from 'kysely';
import { readReason, writeReason, type StoredReason, HELD_WITH_JOB } from '../lifecycle/reason.ts';
import { mustAllow, TRANSITIONS, type TaskState } from '../lifecycle/states.ts';
import { states } from '../store/states-sql.ts';
import type { TaskRow } from '../store/tables.ts';
import { COUNTED } from './counted.ts';
import { isMovable } from './movable.ts';
import type { Unit } from './unit.ts';
import { ofJob } from '../store/below.ts';

const pausedFrom = (state: TaskState): 'pending' | 'blocked' =>
  state === 'blocked' ? 'blocked' : 'pending';

/** What a blocked task waits for that is no other task: being paused and resumed is no decision about it. */
const undecided = (reason: StoredReason | null): { readonly before?: StoredReason } => {
  if (reason?.kind === 'agent' || reason?.kind === 'crash') return { before: reason };
  return reason?.kind === 'paused' && reason.before !== undefined ? { before: reason.before } : {};
};

/** Nothing of the job is taken up until it is resumed; what is in progress goes on. @throws DaggerError JOB_FINISHED */
export const pauseJob = async (
  unit: Unit,
  jobId: string,
  message: string | null,
): Promise<void> => {
  if (unit.openJob(jobId).status === 'paused') return;
  await unit.setJob(jobId, { status: 'paused' });
  // Counted as they are held: a worker may take some at the same time.
  const reason = HELD_WITH_JOB;
  const { rows: pending } = await sql<{ readonly waiting: number }>`update dagger_tasks
    set state = 'paused', reason = ${reason} where ${ofJob(jobId)} and state = 'pending' returning waiting`.execute(
    unit.trx,
  );
  const { rows: ready } = await sql<{ readonly id: string }>`update dagger_tasks
    set state = 'paused', reason = ${reason}, waiting = ${COUNTED} where ${ofJob(jobId)} and state = 'ready' returning id`.execute(
    unit.trx,
  );
  const moved = ready.length + pending.filter(({ waiting }) => waiting === 0).length;
  unit.change(jobId, { movable: -moved });
  unit.log(jobId, { type: 'JobPaused', reason: message });
};

/** What was held because of the job, and not by itself, goes on. @throws DaggerError JOB_FINISHED */
export const resumeJob = async (unit: Unit, jobId: string): Promise<void> => {
  if (unit.openJob(jobId).status !== 'paused') return;
  await unit.setJob(jobId, { status: 'running' });
  const held = await unit.trx
    .selectFrom('dagger_tasks')
    .selectAll()
    .where(ofJob(jobId))
    .where('state', '=', 'paused')
    .execute();
  unit.log(jobId, { type: 'JobResumed' });
  unit.look(jobId);
  for (const task of held) {
    const reason = readReason(task.reason);
    if (reason?.kind === 'paused' && reason.message === null) await goOn(unit, task);
  }
};

/** Holds one task that is not in progress. @throws DaggerError TASK_STATE, JOB_FINISHED */
export const pauseTask = async (unit: Unit, task: TaskRow, message: string): Promise<void> => {
  const state = task.state as TaskState;
  unit.openJob(task.job_id);
  if (state === 'paused' && unit.again) return;
  mustAllow('pause', state, task.id);
  const { rows } = await sql<{ readonly id: string }>`update dagger_tasks set state = 'paused',
      waiting = case when state = 'ready' then ${COUNTED} else waiting end,
      reason = ${writeReason({ kind: 'paused', was: pausedFrom(state), message, ...undecided(readReason(task.reason)) })}
    where id = ${task.id} and state in ${states(TRANSITIONS.pause.from)} returning id`.execute(
    unit.trx,
  );
  // A worker took it in between.
  if (rows.length === 0) mustAllow('pause', 'in_progress', task.id);
  unit.change(task.job_id, { movable: isMovable(state, task.waiting) ? -1 : 0 });
  unit.log(task.job_id, { type: 'TaskPaused', taskId: task.id, reason: message });
};

/** @throws DaggerError TASK_STATE, JOB_FINISHED */
export const resumeTask = async (unit: Unit, task: TaskRow): Promise<void> => {
  unit.openJob(task.job_id);
  if (task.state !== 'paused' && unit.again) return;
  mustAllow('resume', task.state as TaskState, task.id);
  unit.log(task.job_id, { type: 'TaskResumed', taskId: task.id });
  unit.look(task.job_id);
  // In a job that is held, it is now held with the others.
  const reason = readReason(task.reason);
  const was = reason?.kind === 'paused' ? reason.was : 'pending';
  if (unit.job(task.job_id).status === 'paused')
    await unit.trx
      .updateTable('dagger_tasks')
      .set({ reason: writeReason({ kind: 'paused', was, message: null, ...undecided(reason) }) })
      .where('id', '=', task.id)
      .execute();
  else await goOn(unit, task);
};

const goOn = async (unit: Unit, task: TaskRow): Promise<void> => {
  const reason = readReason(task.reason);
  const was = reason?.kind === 'paused' ? reason.was : 'pending';
  const { before } = undecided(reason);
  const isFree = task.waiting === 0 && before === undefined;
  const state = !isFree ? was : task.run_at > unit.now ? 'pending' : 'ready';
  await unit.trx
    .updateTable('dagger_tasks')
    .set({ state, reason: before === undefined ? null : writeReason(before) })
    .where('id', '=', task.id)
    .execute();
  if (!isMovable(state, task.waiting)) return;
  unit.change(task.job_id, { movable: 1 });
  if (state === 'ready') unit.ready.add(task.agent);
  else unit.due.push(task.run_at);
};
