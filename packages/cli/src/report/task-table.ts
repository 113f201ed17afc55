import type { TaskView } from '@dagger/tasks';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import type { TasksPackage } from '../tasks/tasks-package.ts';
import { duration } from './duration.ts';
import { errorText } from './error-text.ts';
import { statusText } from './status.ts';
import { table } from './table.ts';

const LONGEST_ID = 100;
const LONGEST_DETAIL = 100;

const isSuccess = ({ state }: TaskView): boolean => state === 'completed' || state === 'accepted';

/** What became of a task, or what holds it up as far as its row says, in one line. */
export const taskDetail = (task: TaskView, { reasonText }: TasksPackage): string => {
  const { state, error, reason, output, progress, waitsFor, runAt } = task;
  if (isSuccess(task)) return colors.dim(oneLine(JSON.stringify(output), LONGEST_DETAIL));
  if ((state === 'failed' || state === 'rejected') && error !== null)
    return colors.red(errorText(error));
  if (reason !== null) return oneLine(reasonText(reason), LONGEST_DETAIL);
  if (state === 'in_progress' && progress !== null)
    return oneLine(
      `${Math.round(progress.fraction * 100)} % ${progress.message ?? ''}`,
      LONGEST_DETAIL,
    );
  if (state === 'pending' || state === 'blocked') {
    if (waitsFor > 0) return `waits for ${waitsFor} ${waitsFor === 1 ? 'task' : 'tasks'}`;
    if (runAt !== null) return `not before ${runAt}`;
  }
  return error === null ? '' : colors.dim(`after ${errorText(error)}`);
};

const time = ({ startedAt, finishedAt }: TaskView): string =>
  startedAt === null || finishedAt === null
    ? ''
    : duration(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)));

/** A row per task. */
export const taskTable = (tasks: readonly TaskView[], from: TasksPackage): string =>
  table(
    ['TASK', 'AGENT', 'STATE', 'RUNS', 'TIME', 'RESULT'],
    tasks.map((task) => [
      oneLine(task.id, LONGEST_ID),
      oneLine(task.agent, 40),
      statusText(task.state),
      String(task.runs),
      time(task),
      taskDetail(task, from),
    ]),
  );
