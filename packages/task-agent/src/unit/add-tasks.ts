import { HELD_WITH_JOB } from '../lifecycle/reason.ts';
import { DaggerError } from '@dagger/core';
import { sql } from 'kysely';
import { isEnd, isSuccess, type TaskState } from '../lifecycle/states.ts';
import type { DraftNeed, TaskDraft } from '../spec/draft.ts';
import { each, among, type Cell, type Kind } from '@dagger/core/kernel';
import { refuseCycles } from './cycles.ts';
import { followSetbacks, type Ended } from './end-tasks.ts';
import { raiseRanks } from './ranks.ts';
import type { Unit } from './unit.ts';
import { ofJob } from '../store/below.ts';

interface Known {
  readonly id: string;
  readonly state: string;
  readonly agent: string;
  readonly rank: number;
}

export interface AddOptions {
  /** The task whose attempt adds them; null for people and programs. */
  readonly by: string | null;
  /** Whether each is told in the history; not for those with which a job begins. */
  readonly told?: boolean;
  /** Whether the limits and the allowed agents of the job hold; not for those that the job itself asks for. */
  readonly bounded?: boolean;
}

/** Rows handed over in one statement. */
const CHUNK = 1_000;
/** Statements that are sent before the first of them is answered. */
const IN_FLIGHT = 8;

/**
 * Adds tasks with their dependencies to a job, all or none. A task whose id is there already stays as it is, so that
 * doing the same again adds nothing. Gives the ids of the new ones. The lock of the job must be held.
 * @throws DaggerError TASK_UNKNOWN, TASK_CONFLICT, TASK_CYCLE, LIMIT_REACHED, AGENT_NOT_ALLOWED; nothing is written then
 */
export const addTasks = async (
  unit: Unit,
  jobId: string,
  drafts: readonly TaskDraft[],
  { by, told = true, bounded = true }: AddOptions,
): Promise<readonly string[]> => {
  const known =
    unit.takeAhead<ReadonlyMap<string, Known>>() ??
    // A job that was made in this unit has none.
    (unit.job(jobId).total === 0
      ? new Map<string, Known>()
      : await knownTasks(unit, jobId, drafts));
  const fresh = freshOnes(drafts, known, jobId);
  if (fresh.length === 0) return [];
  const { settings } = unit.openJob(jobId);
  if (bounded) {
    if (settings.allowedAgents !== undefined) allowed(settings.allowedAgents, fresh, jobId);
    checkLimits(unit, jobId, fresh);
  }
  const freshIds = new Set(fresh.map(({ id }) => id));
  for (const { id, needs } of fresh)
    for (const need of needs)
      if (!freshIds.has(need.id) && !known.has(need.id))
        throw new DaggerError(
          'TASK_UNKNOWN',
          `task '${id}' needs '${need.id}', and job '${jobId}' has no such task`,
          { ids: { taskId: id, jobId } },
        );
  refuseCycles(fresh);
  const ranks = ranksOf(fresh);
  const setbacks: Ended[] = [];
  const isPaused = unit.job(jobId).status === 'paused';
  const needed = new Set<string>();
  const edges: Cell[][] = [];
  for (const { id, needs } of fresh)
    for (const need of needs) {
      needed.add(need.id);
      edges.push([need.id, id, jobId, need.onFailure]);
    }
  const rowOf = (draft: TaskDraft): Cell[] => {
    const waiting = draft.needs.filter((need) => {
      const there = known.get(need.id);
      return there === undefined || holdsUp(there.state as TaskState, need);
    }).length;
    for (const need of draft.needs) setbacks.push(...setbackOf(known.get(need.id), need, jobId));
    const runAt = draft.delayMs > 0 ? unit.now + draft.delayMs : 0;
    const state = isPaused ? 'paused' : waiting > 0 || runAt > 0 ? 'pending' : 'ready';
    if (state === 'ready') unit.ready.add(draft.agent);
    else if (state === 'pending' && waiting === 0) unit.due.push(runAt);
    unit.change(jobId, {
      total: 1,
      unfinished: 1,
      movable: state !== 'paused' && waiting === 0 ? 1 : 0,
    });
    if (told) unit.log(jobId, { type: 'TaskAdded', taskId: draft.id, agent: draft.agent, by });
    return [
      draft.id,
      jobId,
      draft.parentId,
      draft.agent,
      draft.type,
      state,
      draft.title,
      draft.input,
      Object.keys(draft.options).length === 0 ? null : JSON.stringify(draft.options),
      draft.priority,
      ranks.get(draft.id) ?? draft.priority,
      draft.ord,
      draft.depth,
      waiting,
      needed.has(draft.id) ? 1 : 0,
      runAt,
      draft.timeoutMs,
      isPaused ? HELD_WITH_JOB : null,
    ];
  };
  await insertTasks(unit, fresh, rowOf);
  await insertEdges(unit, edges);
  await markBlocking(
    unit,
    [...needed].filter((id) => known.has(id)),
  );
  await raiseRanks(
    unit,
    fresh.flatMap(({ id, needs }) =>
      needs
        .map((need) => known.get(need.id))
        .filter((there) => there !== undefined)
        .filter(({ rank, state }) => rank < (ranks.get(id) ?? 0) && !isEnd(state as TaskState))
        .map((there) => [there.id, ranks.get(id) ?? 0] as const),
    ),
  );
  // Dependencies that have ended without success already mean the same as those that do so later.
  await followSetbacks(unit, setbacks, 'earlier');
  return fresh.map(({ id }) => id);
};

/** Reads ahead what `addTasks` needs for the same drafts. */
export const lookAhead = async (
  unit: Unit,
  jobId: string,
  drafts: readonly TaskDraft[],
): Promise<void> => unit.keepAhead(await knownTasks(unit, jobId, drafts));

/** The drafts that are not there yet. @throws DaggerError TASK_CONFLICT where one id stands for different tasks */
const freshOnes = (
  drafts: readonly TaskDraft[],
  known: ReadonlyMap<string, Known>,
  jobId: string,
): readonly TaskDraft[] => {
  const fresh = new Map<string, TaskDraft>();
  const refuse = (draft: TaskDraft, reason: string): never => {
    throw new DaggerError('TASK_CONFLICT', `task '${draft.id}' ${reason}`, {
      ids: { taskId: draft.id, jobId },
    });
  };
  for (const draft of drafts) {
    const there = known.get(draft.id);
    const before = fresh.get(draft.id);
    if (there !== undefined && there.agent !== draft.agent)
      refuse(draft, `is there already, and its agent is '${there.agent}', not '${draft.agent}'`);
    if (before !== undefined && (before.agent !== draft.agent || before.input !== draft.input))
      refuse(draft, 'is added twice in one call, with different agents or inputs');
    if (there === undefined && before === undefined) fresh.set(draft.id, draft);
  }
  return [...fresh.values()];
};

/**
 * Whether a dependency is waited for: it has not ended, or it has ended in a way that ends the task that needs it, which
 * `followSetbacks` then does.
 */
export const holdsUp = (state: TaskState, { onFailure }: DraftNeed): boolean =>
  !isEnd(state) || (!isSuccess(state) && onFailure !== 'continue');

/** The dependency where it has ended without success and that matters. */
export const setbackOf = (
  there: Pick<Known, 'id' | 'state'> | undefined,
  { onFailure }: DraftNeed,
  jobId: string,
): readonly Ended[] => {
  if (there === undefined || onFailure === 'continue') return [];
  const state = there.state as TaskState;
  return isEnd(state) && !isSuccess(state)
    ? [{ id: there.id, jobId, setback: state as Ended['setback'] }]
    : [];
};

/** The tasks of the job that have one of the ids, or that one of the drafts needs. */
const knownTasks = async (
  unit: Unit,
  jobId: string,
  drafts: readonly TaskDraft[],
): Promise<ReadonlyMap<string, Known>> => {
  const ids = new Set(drafts.flatMap(({ id, needs }) => [id, ...needs.map((need) => need.id)]));
  const { rows } = await sql<Known>`select id, state, agent, rank from dagger_tasks
    where ${ofJob(jobId)} and id ${among(unit.storage.abilities, [...ids])}`.execute(unit.trx);
  return new Map(rows.map((row) => [row.id, row]));
};

const allowed = (agents: readonly string[], drafts: readonly TaskDraft[], jobId: string): void => {
  for (const { agent, id } of drafts)
    if (!agents.includes(agent))
      throw new DaggerError(
        'AGENT_NOT_ALLOWED',
        `job '${jobId}' allows the agents ${agents.join(', ')}, and task '${id}' has '${agent}'`,
        { ids: { jobId, taskId: id, agent } },
      );
};

const checkLimits = (unit: Unit, jobId: string, fresh: readonly TaskDraft[]): void => {
  const { maxTasks, maxDepth } = unit.job(jobId).settings.limits;
  const refuse = (message: string): never => {
    throw new DaggerError('LIMIT_REACHED', message, { ids: { jobId } });
  };
  if (fresh.length > 0 && unit.total(jobId) + fresh.length > maxTasks)
    refuse(`job '${jobId}' would have more than ${maxTasks} tasks (maxTasks)`);
  for (const { id, depth } of fresh)
    if (depth > maxDepth)
      refuse(`task '${id}' would be ${depth} levels deep; maxDepth of its job is ${maxDepth}`);
};

/** The priority of each new task, or the highest of those among them that wait for it. */
const ranksOf = (drafts: readonly TaskDraft[]): ReadonlyMap<string, number> => {
  const ranks = new Map(drafts.map(({ id, priority }) => [id, priority]));
  if (drafts.every(({ priority }) => priority === drafts[0]?.priority)) return ranks;
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  const line = drafts.toSorted((a, b) => b.priority - a.priority).map(({ id }) => id);
  const seen = new Set<string>();
  // The highest first: whoever is reached has the rank of the highest that waits for it.
  for (const start of line) {
    const rank = ranks.get(start) ?? 0;
    const reach = [start];
    for (let id = reach.pop(); id !== undefined; id = reach.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      ranks.set(id, rank);
      for (const need of byId.get(id)?.needs ?? []) if (byId.has(need.id)) reach.push(need.id);
    }
  }
  return ranks;
};

/** As `insertTasks` names them: the id to the input and the options, numbers, the reason. */
const TASK_COLUMNS: readonly Kind[] = [
  ...Array.from({ length: 9 }, () => 'text' as const),
  ...Array.from({ length: 8 }, () => 'number' as const),
  'text',
];

/** While the database inserts some, the next ones are made ready for it. */
const insertTasks = async (
  unit: Unit,
  drafts: readonly TaskDraft[],
  rowOf: (draft: TaskDraft) => readonly Cell[],
): Promise<void> => {
  for (let at = 0; at < drafts.length; at += CHUNK) {
    if (at > 0 && at % (CHUNK * IN_FLIGHT) === 0) await unit.written();
    const rows = drafts.slice(at, at + CHUNK).map(rowOf);
    unit.send(
      sql`insert into dagger_tasks (id, job_id, parent_id, agent, type, state, title, input, options, priority, rank,
        ord, depth, waiting, blocking, run_at, timeout_ms, reason, fence, failures, crashes, rejections)
      select c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, 0, 0, 0, 0
      from ${each(unit.storage.abilities, TASK_COLUMNS, rows)}`,
    );
  }
};

/** Edges that are there stay as they are. */
export const insertEdges = async (
  unit: Unit,
  rows: readonly (readonly Cell[])[],
): Promise<void> => {
  for (let at = 0; at < rows.length; at += CHUNK) {
    if (at > 0 && at % (CHUNK * IN_FLIGHT) === 0) await unit.written();
    unit.send(sql`insert into dagger_task_edges (needs, task_id, job_id, on_failure)
      select c0, c1, c2, c3
      from ${each(unit.storage.abilities, ['text', 'text', 'text', 'text'], rows.slice(at, at + CHUNK))} where true
      on conflict (needs, task_id) do nothing`);
  }
};

/** Tasks on which others depend from now on. */
export const markBlocking = async (unit: Unit, ids: readonly string[]): Promise<void> => {
  if (ids.length === 0) return;
  await sql`update dagger_tasks set blocking = 1
    where id ${among(unit.storage.abilities, ids)} and blocking = 0`.execute(unit.trx);
};
