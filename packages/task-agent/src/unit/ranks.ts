import { UNFINISHED } from '../lifecycle/states.ts';
import { sql } from 'kysely';
import { each } from '@dagger/core/kernel';
import { states } from '../store/states-sql.ts';
import type { Unit } from './unit.ts';

/**
 * A task that one of higher priority waits for is taken as if it had that priority, and so is what it waits for itself.
 * @param raised the tasks that are waited for, with the rank of who waits
 */
export const raiseRanks = async (
  unit: Unit,
  raised: readonly (readonly [taskId: string, rank: number])[],
): Promise<void> => {
  if (raised.length === 0) return;
  const unfinished = states(UNFINISHED);
  await sql`with recursive up(id, rank) as (
      select t.id, e.c1 from ${each(unit.storage.abilities, ['text', 'number'], raised)}
        join dagger_tasks as t on t.id = e.c0
      union
      select e.needs, up.rank from up
        join dagger_task_edges as e on e.task_id = up.id
        join dagger_tasks as t on t.id = e.needs
        where t.rank < up.rank and t.state in ${unfinished})
    update dagger_tasks set rank = v.rank
    from (select id, max(rank) as rank from up group by id) as v
    where dagger_tasks.id = v.id and dagger_tasks.rank < v.rank
      and dagger_tasks.state in ${unfinished}`.execute(unit.trx);
};
