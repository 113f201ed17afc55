import type { EdgeRow, TaskRow } from '@dagger/tasks';
import { hasEnded } from './ends.ts';
import type { TaskTablesContent } from './tables.ts';

/** The states in which a task is let go by the end of what it needs. */
const WAITING: ReadonlySet<string> = new Set(['pending', 'blocked', 'paused']);

/** What is wrong with dependencies. */
export const edgeProblems = ({ tasks, edges }: TaskTablesContent): string[] => {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const needsOf = new Map<string, EdgeRow[]>();
  for (const edge of edges) {
    const list = needsOf.get(edge.task_id) ?? [];
    list.push(edge);
    needsOf.set(edge.task_id, list);
  }
  return [
    ...edges.flatMap((edge) => ends(edge, byId)),
    ...tasks.flatMap((task) => waits(task, needsOf.get(task.id) ?? [], byId)),
    ...cycles(unfinishedNeeds(edges, byId)),
  ];
};

const ends = (edge: EdgeRow, tasks: ReadonlyMap<string, TaskRow>): string[] =>
  [edge.needs, edge.task_id].flatMap((id) => {
    const task = tasks.get(id);
    if (task?.job_id === edge.job_id && task.job_id !== undefined) return [];
    return [`'${edge.task_id}' needs '${edge.needs}', and '${id}' is not in job '${edge.job_id}'`];
  });

const waits = (
  task: TaskRow,
  needs: readonly EdgeRow[],
  tasks: ReadonlyMap<string, TaskRow>,
): string[] => {
  if (!WAITING.has(task.state)) return [];
  const unfinished = needs.filter((edge) => {
    const needed = tasks.get(edge.needs);
    return needed !== undefined && !hasEnded(needed);
  });
  return unfinished.length === task.waiting
    ? []
    : [
        `task '${task.id}' (${task.state}): it waits for ${task.waiting} tasks, and ${unfinished.length} have not ended`,
      ];
};

/** What has ended holds nobody up, whatever it needed. */
const unfinishedNeeds = (
  edges: readonly EdgeRow[],
  tasks: ReadonlyMap<string, TaskRow>,
): ReadonlyMap<string, readonly EdgeRow[]> => {
  const isUnfinished = (id: string): boolean => {
    const task = tasks.get(id);
    return task !== undefined && !hasEnded(task);
  };
  const left = new Map<string, EdgeRow[]>();
  for (const edge of edges) {
    if (!isUnfinished(edge.needs) || !isUnfinished(edge.task_id)) continue;
    left.set(edge.task_id, [...(left.get(edge.task_id) ?? []), edge]);
  }
  return left;
};

/** Tasks from which the way of needs leads back to themselves. */
const cycles = (needsOf: ReadonlyMap<string, readonly EdgeRow[]>): string[] => {
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (id: string, path: readonly string[]): void => {
    if (path.includes(id)) {
      problems.push(`tasks need each other: ${[...path.slice(path.indexOf(id)), id].join(' → ')}`);
      return;
    }
    if (done.has(id)) return;
    for (const { needs } of needsOf.get(id) ?? []) visit(needs, [...path, id]);
    done.add(id);
  };
  for (const id of needsOf.keys()) visit(id, []);
  return problems;
};
