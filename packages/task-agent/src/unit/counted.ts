import { UNFINISHED } from '../lifecycle/states.ts';
import { sql, type RawBuilder } from 'kysely';
import { states } from '../store/states-sql.ts';

/**
 * How many unfinished tasks a row of `dagger_tasks` needs. A task that is ready or in progress does not count them: an
 * attempt may have added dependencies without waiting for them. So they are counted whenever it comes to wait.
 */
export const COUNTED: RawBuilder<number> = sql<number>`(select count(*) from dagger_task_edges as e join dagger_tasks as n on n.id = e.needs
  where e.task_id = dagger_tasks.id
    and n.state in ${states(UNFINISHED)})`;
