import { UNFINISHED } from '../lifecycle/states.ts';
import { DaggerError } from '@dagger/core';
import { sql } from 'kysely';
import { pathBetween } from '../graph/cycle-path.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { among } from '@dagger/core/kernel';
import { states } from '../store/states-sql.ts';
import type { Unit } from './unit.ts';

const cycleError = (path: readonly string[]): DaggerError =>
  new DaggerError(
    'TASK_CYCLE',
    `a cycle of dependencies: ${path.map((id) => `'${id}'`).join(' needs ')}`,
    { ids: { taskId: path[0] ?? '' } },
  );

/**
 * Refuses new tasks that need each other in a circle. Tasks that are there already need none of the new ones, so no
 * cycle leads through them.
 * @throws DaggerError TASK_CYCLE naming the path
 */
export const refuseCycles = (drafts: readonly TaskDraft[]): void => {
  refuseCircle(drafts.map(({ id, needs }) => ({ id, needs: needs.map((need) => need.id) })));
};

interface Needing {
  readonly id: string;
  readonly needs: readonly string[];
}

const refuseCircle = (tasks: readonly Needing[]): void => {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const left = new Map(
    tasks.map(({ id, needs }) => [id, needs.filter((need) => byId.has(need)).length]),
  );
  const dependents = new Map<string, string[]>();
  for (const { id, needs } of tasks)
    for (const need of needs) {
      const known = dependents.get(need);
      if (known === undefined) dependents.set(need, [id]);
      else known.push(id);
    }
  const free = tasks.filter(({ id }) => left.get(id) === 0).map(({ id }) => id);
  for (let at = 0; at < free.length; at++)
    for (const id of dependents.get(free[at] as string) ?? []) {
      const rest = (left.get(id) ?? 0) - 1;
      left.set(id, rest);
      if (rest === 0) free.push(id);
    }
  if (free.length === tasks.length) return;
  // Whoever is left is on a cycle or behind one; walking what they need closes it.
  const bound = new Set(tasks.filter(({ id }) => (left.get(id) ?? 0) > 0).map(({ id }) => id));
  const way: string[] = [];
  let at = [...bound][0] as string;
  while (!way.includes(at)) {
    way.push(at);
    at = byId.get(at)?.needs.find((need) => bound.has(need)) as string;
  }
  throw cycleError([...way.slice(way.indexOf(at)), at]);
};

/**
 * Refuses to do tasks again that wait for themselves by what was added after they had ended. Their rows are those of
 * unfinished tasks already.
 * @throws DaggerError TASK_CYCLE naming the path
 */
export const refuseReopenedCycle = async (unit: Unit, ids: readonly string[]): Promise<void> => {
  const unfinished = states(UNFINISHED);
  const { rows } = await sql<{ readonly task_id: string; readonly needs: string }>`
    with recursive up(task_id, needs) as (
      select e.task_id, e.needs from dagger_task_edges as e join dagger_tasks as t on t.id = e.needs
        where e.task_id ${among(unit.storage.abilities, ids)} and t.state in ${unfinished}
      union
      select e.task_id, e.needs from up join dagger_task_edges as e on e.task_id = up.needs
        join dagger_tasks as t on t.id = e.needs where t.state in ${unfinished})
    select task_id, needs from up`.execute(unit.trx);
  const needs = new Map<string, string[]>();
  for (const row of rows) {
    const known = needs.get(row.task_id);
    if (known === undefined) needs.set(row.task_id, [row.needs]);
    else known.push(row.needs);
  }
  refuseCircle([...needs].map(([id, needed]) => ({ id, needs: needed })));
};

/**
 * Refuses a dependency of a task on others that wait for it, directly or not. Only what has not ended is looked at.
 * @throws DaggerError TASK_CYCLE naming the path
 */
export const refuseCycle = async (
  unit: Unit,
  taskId: string,
  needs: readonly string[],
): Promise<void> => {
  if (needs.includes(taskId)) throw cycleError([taskId, taskId]);
  if (needs.length === 0) return;
  const unfinished = states(UNFINISHED);
  const { rows } = await sql<{ readonly task_id: string; readonly needs: string }>`
    with recursive up(task_id, needs) as (
      select e.task_id, e.needs from dagger_task_edges as e
        where e.task_id ${among(unit.storage.abilities, needs)}
      union
      select e.task_id, e.needs from up join dagger_tasks as t on t.id = up.needs
        join dagger_task_edges as e on e.task_id = up.needs
        where t.state in ${unfinished})
    select task_id, needs from up`.execute(unit.trx);
  const edges = rows.map((row) => ({ taskId: row.task_id, needs: row.needs }));
  for (const need of needs) {
    const path = pathBetween(need, taskId, edges);
    if (path !== undefined) throw cycleError([taskId, ...path]);
  }
};
