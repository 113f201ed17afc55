import { sql } from 'kysely';
import { each, list, states } from '../store/each.ts';
import type { Unit } from './unit.ts';

const UNFINISHED = states(['pending', 'ready', 'in_progress', 'blocked', 'in_review', 'paused']);

/**
 * How many of the tasks that each of these needs have not ended, which is what `waiting` says of one that waits. A task that
 * runs, or is ready to, may need some that it made itself need meanwhile: they are counted when it comes to wait.
 */
export const unfinishedNeeds = async (
  unit: Unit,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await sql<{ readonly id: string; readonly n: number }>`
    select e.task_id as id, cast(count(*) as bigint) as n from dagger_task_edges as e
      join dagger_tasks as n on n.id = e.needs and n.state in ${UNFINISHED}
    where e.task_id in ${list(unit.storage.abilities, taskIds)} group by e.task_id`.execute(
    unit.trx,
  );
  const counts = new Map(rows.map(({ id, n }) => [id, n]));
  return new Map(taskIds.map((id) => [id, counts.get(id) ?? 0]));
};

/** Writes how many it is for tasks that were ready and come to wait: of those that have run, some may need others by now. */
export const countNeeds = async (unit: Unit, taskIds: readonly string[]): Promise<void> => {
  if (taskIds.length === 0) return;
  const some = [...(await unfinishedNeeds(unit, taskIds))].filter(([, n]) => n > 0);
  if (some.length === 0) return;
  await sql`update dagger_tasks set waiting = e.c1
    from ${each(unit.storage.abilities, ['text', 'number'], some)} where dagger_tasks.id = e.c0`.execute(
    unit.trx,
  );
};
