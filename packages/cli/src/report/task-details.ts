import type { DependencyOutcome, JobEvent, TaskView, Why } from '@dagger/tasks';
import colors from 'picocolors';
import { oneLine, severalLines } from '../escape.ts';
import { errorText } from './error-text.ts';
import { jobEventText } from './job-event-text.ts';
import { statusText } from './status.ts';
import { shortTime } from './time.ts';
import { whyLines } from './why-lines.ts';

const LONGEST_VALUE = 2_000;
const LONGEST_ID = 200;
/** Events of a history; of more, the last ones are shown. */
const MOST_EVENTS = 100;

/** Everything about a task. */
export interface TaskDetails {
  readonly task: TaskView;
  readonly why: Why;
  readonly needs: readonly DependencyOutcome[];
  /** The ids of the tasks that need it. */
  readonly neededBy: readonly string[];
  readonly parts: readonly TaskView[];
  readonly history: readonly JobEvent[];
}

const value = (json: unknown): string => oneLine(JSON.stringify(json), LONGEST_VALUE);

export const historyLines = (history: readonly JobEvent[]): readonly string[] => {
  if (history.length === 0) return [];
  const left = Math.max(0, history.length - MOST_EVENTS);
  return [
    '',
    colors.bold('HISTORY'),
    ...(left === 0 ? [] : [`… ${left} earlier events; --json has them all`]),
    ...history.slice(left).map((event) => `${shortTime(event.at)} ${jobEventText(event)}`),
  ];
};

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', colors.bold(title), ...lines];

const counts = ({ runs, failures, crashes, rejections }: TaskView): string =>
  `runs ${runs}, failures ${failures}, crashes ${crashes}, rejections ${rejections}`;

const times = ({ createdAt, startedAt, finishedAt }: TaskView): string =>
  [
    `created ${createdAt}`,
    ...(startedAt === null ? [] : [`last begun ${startedAt}`]),
    ...(finishedAt === null ? [] : [`ended ${finishedAt}`]),
  ].join(', ');

const facts = (task: TaskView): readonly string[] => [
  `agent ${oneLine(task.agent, 200)}, ${task.type}, priority ${task.priority}${task.effectivePriority === task.priority ? '' : ` (${task.effectivePriority} for those that need it)`}`,
  ...(task.parentId === null ? [] : [`a part of ${oneLine(task.parentId, LONGEST_ID)}`]),
  `input ${value(task.input)}`,
  ...(task.output === null ? [] : [`output ${value(task.output)}`]),
  ...(task.error === null
    ? []
    : [colors.red(severalLines(`error ${task.error.code}: ${task.error.message}`))]),
  ...(task.progress === null
    ? []
    : [
        `progress ${Math.round(task.progress.fraction * 100)} % ${oneLine(task.progress.message ?? '', 200)}`.trimEnd(),
      ]),
  counts(task),
  colors.dim(times(task)),
];

/** A task for people. */
export const taskDetailsText = (details: TaskDetails): string => {
  const { task, why, needs, neededBy, parts, history } = details;
  return [
    ...(task.title === null ? [] : [colors.bold(oneLine(task.title, 200))]),
    ...whyLines(why),
    ...facts(task),
    ...section(
      'ACCEPTED WHEN',
      task.acceptanceCriteria.map((criterion) => `- ${oneLine(criterion, 300)}`),
    ),
    ...section(
      'NEEDS',
      needs.map(({ taskId, state, error }) =>
        `${oneLine(taskId, LONGEST_ID)} ${statusText(state)} ${error === null ? '' : errorText(error)}`.trimEnd(),
      ),
    ),
    ...section(
      'NEEDED BY',
      neededBy.map((id) => oneLine(id, LONGEST_ID)),
    ),
    ...section(
      'PARTS',
      parts.map(({ id, state }) => `${oneLine(id, LONGEST_ID)} ${statusText(state)}`),
    ),
    ...historyLines(history),
  ].join('\n');
};
