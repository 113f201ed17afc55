import type { JobPicture, TaskView } from '@dagger/tasks';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import type { TasksPackage } from '../tasks/tasks-package.ts';
import { statusText } from './status.ts';
import { taskDetail } from './task-table.ts';

/** A task with what is a part of it; JSON. */
export interface TreeNode extends TaskView {
  /** The ids of the tasks that it needs and that have not ended. */
  readonly waitsForTasks: readonly string[];
  readonly children: readonly TreeNode[];
}

const ENDS: ReadonlySet<TaskView['state']> = new Set<TaskView['state']>([
  'completed',
  'accepted',
  'rejected',
  'failed',
  'cancelled',
  'skipped',
]);

/** The tasks of a job as a tree of parts, in the order in which they were added. */
export const taskTree = ({ tasks, edges }: JobPicture): readonly TreeNode[] => {
  const unfinished = new Set(tasks.filter(({ state }) => !ENDS.has(state)).map(({ id }) => id));
  const needs = new Map<string, string[]>();
  for (const { taskId, needs: needed } of edges)
    if (unfinished.has(taskId) && unfinished.has(needed))
      needs.set(taskId, [...(needs.get(taskId) ?? []), needed]);
  const below = new Map<string | null, TaskView[]>();
  for (const task of tasks) {
    const parts = below.get(task.parentId);
    if (parts === undefined) below.set(task.parentId, [task]);
    else parts.push(task);
  }
  const node = (task: TaskView): TreeNode => ({
    ...task,
    waitsForTasks: needs.get(task.id) ?? [],
    children: (below.get(task.id) ?? []).map(node),
  });
  return (below.get(null) ?? []).map(node);
};

const MOST_NAMES = 5;

/** Ids of tasks without that of their job, in which a slash is written otherwise. */
const within = (ids: readonly string[]): string => {
  const shown = ids.slice(0, MOST_NAMES).map((id) => oneLine(id.slice(id.indexOf('/') + 1), 100));
  return `${shown.join(', ')}${ids.length > MOST_NAMES ? ` and ${ids.length - MOST_NAMES} more` : ''}`;
};

const line = (task: TreeNode, depth: number, from: TasksPackage): string => {
  const detail =
    task.waitsForTasks.length > 0
      ? `waits for ${within(task.waitsForTasks)}`
      : taskDetail(task, from);
  return [
    `${'  '.repeat(depth)}${oneLine(task.key, 100)}`,
    statusText(task.state),
    colors.dim(`(${oneLine(task.agent, 40)})`),
    ...(task.title === null ? [] : [`"${oneLine(task.title, 60)}"`]),
    ...(detail === '' ? [] : [`— ${detail}`]),
  ].join(' ');
};

/** A line per task, two spaces deeper than the task that it is a part of. */
export const treeLines = (
  nodes: readonly TreeNode[],
  from: TasksPackage,
  depth = 0,
): readonly string[] =>
  nodes.flatMap((node) => [line(node, depth, from), ...treeLines(node.children, from, depth + 1)]);
