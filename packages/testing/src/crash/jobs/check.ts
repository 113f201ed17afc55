import { isDeepStrictEqual } from 'node:util';
import { bySession, type SessionMark } from '../side-effects.ts';
import { differences } from './differences.ts';
import type { JobEffect } from './effects.ts';
import type { JobStates, TaskStateData } from './state.ts';

/** What a process says of the jobs that it took to their ends. */
export interface JobsAccount {
  readonly of: 'jobs';
  /** What the storage held when it began. */
  readonly found: JobStates;
  /** What it held when nothing was left of the process that had died. */
  readonly takenOver: JobStates;
  /** What it holds at the end. */
  readonly final: JobStates;
  /** What was wrong with the storage in between. */
  readonly problems: readonly string[];
}

const SUCCESSES: ReadonlySet<string> = new Set(['completed', 'accepted']);

const taskIn = (states: JobStates, jobId: string, taskId: string): TaskStateData | undefined =>
  states[jobId]?.tasks[taskId];

const count = (items: readonly string[], item: string): number =>
  items.filter((other) => other === item).length;

/** How the killed process got ahead of the storage. */
const ahead = (effects: readonly JobEffect[], found: JobStates): string[] => {
  const problems: string[] = [];
  const told = new Map<string, string[]>();
  for (const effect of effects) {
    if (effect.type === 'opened' || effect.type === 'end') continue;
    const { jobId } = effect;
    const job = found[jobId];
    if (effect.type === 'begin') {
      const runs = taskIn(found, jobId, effect.taskId)?.runs ?? 0;
      if (runs < effect.run)
        problems.push(`${effect.taskId}: run ${effect.run} began before its claim was committed`);
    } else if (effect.type === 'started' && job === undefined)
      problems.push(`${jobId}: was acknowledged and is lost`);
    else if (effect.type === 'reported' && job?.status !== effect.status)
      problems.push(`${jobId}: was reported as ${effect.status} and is ${job?.status}`);
    else if (effect.type === 'told') {
      const events = told.get(jobId) ?? [];
      events.push(effect.event);
      told.set(jobId, events);
    }
  }
  for (const [jobId, events] of told)
    for (const event of new Set(events))
      if (count(found[jobId]?.events ?? [], event) < count(events, event))
        problems.push(`${jobId}: '${event}' was told and is lost`);
  return problems;
};

/** What ran although its end was committed, or twice on one claim. */
const again = (
  killed: readonly JobEffect[],
  later: readonly JobEffect[],
  found: JobStates,
): string[] => {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const effect of [...killed, ...later]) {
    if (effect.type !== 'begin') continue;
    const claim = `${effect.taskId}: run ${effect.run}`;
    if (seen.has(claim)) problems.push(`${claim} began twice`);
    seen.add(claim);
  }
  for (const effect of later)
    if (
      effect.type === 'begin' &&
      SUCCESSES.has(taskIn(found, effect.jobId, effect.taskId)?.state ?? '')
    )
      problems.push(`${effect.taskId}: ran again after its end was committed`);
  return problems;
};

/** What was recorded as done and was never done. */
const undone = (effects: readonly JobEffect[], final: JobStates): string[] => {
  const ended = new Set(effects.flatMap((e) => (e.type === 'end' ? [e.taskId] : [])));
  return Object.values(final).flatMap(({ tasks }) =>
    Object.entries(tasks).flatMap(([id, { state }]) =>
      SUCCESSES.has(state) && !ended.has(id) ? [`${id}: ${state} without having run`] : [],
    ),
  );
};

/** What must not run twice waits for a decision after a crash, or has failed, and runs only if somebody decided so. */
const atMostOnce = (
  { found, takenOver, final }: JobsAccount,
  undisturbed: JobStates,
  effects: readonly JobEffect[],
): string[] => {
  const problems: string[] = [];
  for (const [jobId, { tasks }] of Object.entries(final))
    for (const [id, { onCrash }] of Object.entries(tasks)) {
      if (onCrash === 'retry') continue;
      const before = taskIn(found, jobId, id)?.state;
      const after = taskIn(takenOver, jobId, id);
      if (before === 'in_progress' && after?.state !== 'cancelled') {
        const is = [after?.state, after?.why, after?.error];
        const must =
          onCrash === 'block' ? ['blocked', 'crashed', null] : ['failed', 'failed', 'TASK_CRASHED'];
        if (!isDeepStrictEqual(is, must))
          problems.push(`${id}: is ${is.join(', ')} after its worker died, not ${must.join(', ')}`);
      }
      const begun = effects.filter((e) => e.type === 'begin' && e.taskId === id).length;
      const reopened = count(final[jobId]?.events ?? [], `TaskReopened ${id}`);
      const allowed = (taskIn(undisturbed, jobId, id)?.runs ?? 0) + reopened;
      if (begun > allowed) problems.push(`${id}: ran ${begun} times, and must not run twice`);
    }
  return problems;
};

/** Everything that a crash must not do to jobs, and did. */
export const jobViolations = (
  undisturbed: JobsAccount,
  account: JobsAccount,
  effects: readonly (JobEffect | SessionMark)[],
): readonly string[] => {
  const [killed = [], ...rest] = bySession<JobEffect>(effects);
  const later = rest.flat();
  const { found, final, problems } = account;
  return [
    ...problems,
    ...ahead(killed, found),
    ...again(killed, later, found),
    ...undone([...killed, ...later], final),
    ...atMostOnce(account, undisturbed.final, [...killed, ...later]),
    ...Object.entries(undisturbed.final).flatMap(([jobId, expected]) =>
      differences(jobId, expected, final[jobId], found[jobId]),
    ),
    ...Object.keys(final).flatMap((id) =>
      undisturbed.final[id] === undefined ? [`${id}: is one too many`] : [],
    ),
  ];
};
