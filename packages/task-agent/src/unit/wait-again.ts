import { sql } from 'kysely';
import { each, list, states } from '../store/each.ts';
import type { TaskState } from '../lifecycle/states.ts';
import { isMovable } from './movable.ts';
import { unfinishedNeeds } from './unfinished-needs.ts';
import type { Unit } from './unit.ts';

interface Waiting {
  readonly id: string;
  readonly state: TaskState;
  readonly waiting: number;
}

const NOT_BEGUN = states(['pending', 'ready', 'blocked', 'paused']);

/**
 * Tasks are done again that had ended: those that need them, and had gone on all the same but not begun, wait for them again.
 * The rows of the tasks themselves are written already.
 */
export const waitAgain = async (
  unit: Unit,
  jobId: string,
  reopened: readonly string[],
): Promise<void> => {
  const { abilities } = unit.storage;
  const again = list(abilities, reopened);
  const { rows: before } = await sql<Waiting>`select id, state, waiting from dagger_tasks
    where state in ${NOT_BEGUN} and id not in ${again}
      and id in (select task_id from dagger_task_edges where needs in ${again})`.execute(unit.trx);
  if (before.length === 0) return;
  const counts = await unfinishedNeeds(
    unit,
    before.map(({ id }) => id),
  );
  // One that a worker has just taken goes on.
  const { rows: written } = await sql<{ readonly id: string }>`
    update dagger_tasks set waiting = e.c1,
      state = case when dagger_tasks.state = 'ready' then 'pending' else dagger_tasks.state end
    from ${each(abilities, ['text', 'number'], [...counts])}
    where dagger_tasks.id = e.c0 and dagger_tasks.state in ${NOT_BEGUN} returning dagger_tasks.id`.execute(
    unit.trx,
  );
  const waits = new Set(written.map(({ id }) => id));
  for (const { id, state, waiting } of before)
    if (waits.has(id) && isMovable(state, waiting)) unit.change(jobId, { movable: -1 });
};
