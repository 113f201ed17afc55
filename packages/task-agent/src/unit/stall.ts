import { DaggerError, toErrorData, type ErrorData } from '@dagger/core';
import type { StallKind } from '../lifecycle/events.ts';
import { readReason } from '../lifecycle/reason.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { taskIdOf } from '../spec/task-id.ts';
import { readOptions } from '../spec/task-spec.ts';
import { taskRow } from '../store/reads.ts';
import type { TaskRow } from '../store/tables.ts';
import { addTasks } from './add-tasks.ts';
import { cancelTasks } from './cancel.ts';
import type { LockedJob, Unit } from './unit.ts';
import { ofJob } from '../store/below.ts';

/** A task that does not move, and why. */
export interface StalledTask {
  readonly taskId: string;
  readonly agent: string;
  readonly state: string;
  readonly title: string | null;
  /** In words. */
  readonly why: string;
}

/** What a planning agent gets as its input. */
export interface StallReport {
  readonly jobId: string;
  /** 1 for the first stall of the job. */
  readonly stall: number;
  readonly reason: StallKind;
  /** At most a hundred. */
  readonly tasks: readonly StalledTask[];
  readonly unfinished: number;
}

const MOST_TASKS = 100;
const DEFAULT_MAX_PLANS = 3;

/** Makes the draft of the planning task. */
export type DraftOf = (parts: {
  readonly id: string;
  readonly key: string;
  readonly agent: string;
  readonly input: string;
  readonly stall: number;
}) => TaskDraft;

/**
 * Answers a stall, once: the lock of the job is held, and the number of the stall names what is done about it.
 */
export const answerStall = async (
  unit: Unit,
  job: LockedJob,
  reason: StallKind,
  draftOf: DraftOf,
): Promise<void> => {
  const tasks = await stalledTasks(unit, job.id);
  if (reason === 'nothing_can_move' && tasks.some(({ waitsForPerson }) => waitsForPerson)) {
    const waiting = tasks.filter(({ waitsForPerson }) => waitsForPerson);
    unit.log(job.id, { type: 'JobWaiting', tasks: waiting.map(({ task }) => task.taskId) });
    return;
  }
  const action = job.settings.stallAction;
  const stall = job.stalls + 1;
  await unit.setJob(job.id, { stalls: stall });
  const report: StallReport = {
    jobId: job.id,
    stall,
    reason,
    tasks: tasks.map(({ task }) => task),
    unfinished: job.unfinished,
  };
  const told = (what: string): void =>
    unit.log(job.id, { type: 'JobStalled', stall, reason, action: what });
  switch (action.type) {
    case 'Wait':
      told('Wait');
      return;
    case 'Custom':
      told('Custom');
      unit.customStall(job.id, stall);
      return;
    case 'TerminateJob':
      told('TerminateJob');
      await terminate(unit, job.id, stuckError(report));
      return;
    case 'NotifyPlanningAgent':
      if (stall > (action.max ?? DEFAULT_MAX_PLANS)) {
        told('TerminateJob');
        await terminate(unit, job.id, stuckError(report));
        return;
      }
      told('NotifyPlanningAgent');
      await addPlan(unit, report, action.agent, draftOf);
  }
};

const addPlan = async (
  unit: Unit,
  report: StallReport,
  agent: string,
  draftOf: DraftOf,
): Promise<void> => {
  const { jobId, stall } = report;
  const { key } = await planOf(unit, jobId, stall);
  const id = taskIdOf(jobId, null, key);
  const draft = draftOf({ id, key, agent, input: JSON.stringify(report), stall });
  await addTasks(unit, jobId, [draft], { by: null, bounded: false });
};

/** The planning task of a stall where there is one, and otherwise a key for it that no other task has. */
export const planOf = async (
  unit: Unit,
  jobId: string,
  stall: number,
): Promise<{ readonly key: string; readonly task: TaskRow | undefined }> => {
  for (let n = 1; ; n++) {
    const key = n === 1 ? `plan-${stall}` : `plan-${stall}-${n}`;
    const task = await taskRow(unit.trx, taskIdOf(jobId, null, key));
    if (task === undefined || readOptions(task.options).stall === stall) return { key, task };
  }
};

/** Ends a job at once, with what is left of it cancelled. */
export const terminate = async (unit: Unit, jobId: string, error: ErrorData): Promise<void> => {
  await cancelTasks(unit, jobId, { reason: error.message });
  await unit.endJob(jobId, 'failed', error);
};

const stuckError = ({ jobId, reason, tasks, unfinished }: StallReport): ErrorData => {
  const shown = tasks.slice(0, 5).map(({ taskId, why }) => `'${taskId}': ${why}`);
  const more = unfinished > shown.length ? `; and ${unfinished - shown.length} more` : '';
  const what =
    reason === 'nothing_can_move'
      ? 'nothing in it can move any more'
      : 'nothing in it has moved for too long';
  return toErrorData(
    new DaggerError('JOB_STUCK', `job '${jobId}' is stuck, ${what}: ${shown.join('; ')}${more}`, {
      ids: { jobId },
    }),
  );
};

const stalledTasks = async (
  unit: Unit,
  jobId: string,
): Promise<readonly { readonly task: StalledTask; readonly waitsForPerson: boolean }[]> => {
  const rows = await unit.trx
    .selectFrom('dagger_tasks')
    .select(['id', 'agent', 'state', 'title', 'reason', 'waiting'])
    .where(ofJob(jobId))
    .where('state', 'in', ['blocked', 'in_review', 'paused', 'pending', 'in_progress', 'ready'])
    // Those that are held by something else than other tasks come first.
    .orderBy('waiting')
    .orderBy('ord')
    .limit(MOST_TASKS)
    .execute();
  return rows.map((row) => {
    const reason = readReason(row.reason);
    const waitsForPerson =
      (row.state === 'in_review' && reason?.kind === 'review' && reason.reviewer === null) ||
      row.state === 'paused' ||
      (row.state === 'blocked' && reason?.kind === 'crash');
    const why =
      reason?.kind === 'agent'
        ? reason.message
        : reason?.kind === 'crash'
          ? `its worker died (${reason.worker}), and it must not run twice`
          : row.state === 'in_review'
            ? 'its output waits for a review'
            : row.waiting > 0
              ? `waits for ${row.waiting} other ${row.waiting === 1 ? 'task' : 'tasks'}`
              : row.state;
    return {
      task: { taskId: row.id, agent: row.agent, state: row.state, title: row.title, why },
      waitsForPerson,
    };
  });
};
