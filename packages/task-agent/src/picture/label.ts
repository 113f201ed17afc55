import type { ErrorData, JsonValue } from '@dagger/core';
import { briefJson, cleanLine } from '@dagger/core/kernel';
import { reasonText } from '../lifecycle/reason-text.ts';
import { isSuccess } from '../lifecycle/states.ts';
import type { JobView, TaskView } from '../manager/views.ts';

const LONGEST_NAME = 60;
const LONGEST_VALUE = 60;
const LONGEST_REASON = 100;
const LONGEST_ERROR = 120;

/** Never a blank line first, because Graphviz reads wild memory for a title that begins so. */
const heading = (name: string): string => cleanLine(name, LONGEST_NAME).trim() || '(no name)';

/** A line that is there when there is something to say. */
const line = (text: string | null, longest: number): readonly string[] => {
  const clean = text === null ? '' : cleanLine(text, longest).trim();
  return clean === '' ? [] : [clean];
};

const counted = (count: number, one: string, many: string): readonly string[] =>
  count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];

/** The time between two moments as people say it. */
const took = (from: string | null, to: string | null): readonly string[] => {
  if (from === null || to === null) return [];
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  return [ms < 1_000 ? `in ${ms} ms` : `in ${(ms / 1_000).toFixed(1)} s`];
};

const stateLine = (task: TaskView): string => {
  const { state, runs, failures, crashes, rejections, startedAt, finishedAt } = task;
  const hasRun = isSuccess(state) || state === 'failed' || state === 'rejected';
  return [
    [state.replace('_', ' '), ...(hasRun ? took(startedAt, finishedAt) : [])].join(' '),
    ...(runs > 1 ? [`${runs} runs`] : []),
    ...counted(failures, 'failure', 'failures'),
    ...counted(crashes, 'crash', 'crashes'),
    ...counted(rejections, 'rejection', 'rejections'),
  ].join(', ');
};

/** What holds it up, as far as its own row says. */
const held = ({ state, reason, error, waitsFor, runAt, progress }: TaskView): readonly string[] => {
  if (state === 'in_progress')
    return progress === null
      ? []
      : line(
          `${Math.round(progress.fraction * 100)} %${progress.message === null ? '' : `: ${progress.message}`}`,
          LONGEST_REASON,
        );
  // An error says more.
  const isTold = isSuccess(state) || (state === 'failed' && error !== null);
  if (reason !== null && !isTold) return line(reasonText(reason), LONGEST_REASON);
  if (state !== 'pending' && state !== 'blocked') return [];
  if (waitsFor > 0) return [`waits for ${waitsFor} ${waitsFor === 1 ? 'task' : 'tasks'}`];
  return runAt === null ? [] : [`not before ${runAt}`];
};

const errorLine = ({ code, message }: Pick<ErrorData, 'code' | 'message'>): string =>
  `error ${cleanLine(code, LONGEST_NAME)}: ${cleanLine(message, LONGEST_ERROR)}`;

const valueLine = (kind: string, value: JsonValue): string =>
  `${kind} ${cleanLine(briefJson(value, LONGEST_VALUE), LONGEST_VALUE)}`;

/** What a picture says of a task, line by line, the key first; plain text that each format still escapes. */
export const taskLabel = (task: TaskView): readonly string[] => [
  heading(task.key),
  ...line(task.title, LONGEST_NAME),
  `${task.type === 'objective' || task.type === 'story' ? `${task.type}, ` : ''}agent ${cleanLine(task.agent, LONGEST_NAME)}`,
  stateLine(task),
  ...held(task),
  ...(task.output === null ? [] : [valueLine('out', task.output)]),
  ...(task.error === null || isSuccess(task.state) ? [] : [errorLine(task.error)]),
];

/** What a picture says of a job. */
export const jobLabel = (job: JobView): readonly string[] => {
  const { total, unfinished, failed } = job.counts;
  return [
    heading(job.title ?? job.id),
    ...(job.title === null ? [] : [`job ${cleanLine(job.id, LONGEST_NAME)}`]),
    [
      [job.status, ...took(job.createdAt, job.finishedAt)].join(' '),
      `${total - unfinished} of ${total} ${total === 1 ? 'task' : 'tasks'}`,
      ...counted(failed, 'failed', 'failed'),
      ...counted(job.tokens, 'token', 'tokens'),
    ].join(', '),
    ...(job.error === null ? [] : [errorLine(job.error)]),
  ];
};
