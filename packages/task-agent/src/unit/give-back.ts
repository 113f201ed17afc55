import { sql } from 'kysely';
import { HELD_WITH_JOB } from '../lifecycle/reason.ts';
import { readOptions } from '../spec/task-spec.ts';
import { among } from '@dagger/core/kernel';
import type { TaskRow } from '../store/tables.ts';
import { COUNTED } from './counted.ts';
import { crashTask } from './crash.ts';
import type { Unit } from './unit.ts';

export interface GivenBack {
  readonly worker: string;
  /** As it took them: one that it has taken anew meanwhile stays its own. */
  readonly tasks: readonly Pick<TaskRow, 'id' | 'fence'>[];
  /** Whether its agent was called; what must not run twice counts as crashed then. */
  readonly hasBegun: (row: TaskRow) => boolean;
}

/**
 * Tasks that a worker gives back as they were: it had not begun, or it ends before they do. The locks of their jobs must be
 * held, because a job may be paused meanwhile.
 */
export const giveBack = async (
  unit: Unit,
  { worker, tasks, hasBegun }: GivenBack,
): Promise<void> => {
  const fences = new Map(tasks.map(({ id, fence }) => [id, fence]));
  const { rows } = await sql<TaskRow>`select * from dagger_tasks
    where worker = ${worker} and state = 'in_progress' and id ${among(unit.storage.abilities, [
      ...fences.keys(),
    ])}
    order by id`.execute(unit.trx);
  for (const row of rows) {
    if (fences.get(row.id) !== row.fence) continue;
    const { onCrash = 'retry' } = readOptions(row.options);
    if (onCrash !== 'retry' && hasBegun(row)) {
      await crashTask(unit, row);
      continue;
    }
    const isHeld = unit.job(row.job_id).status === 'paused';
    await unit.trx
      .updateTable('dagger_tasks')
      .set({
        worker: null,
        deadline: null,
        ...(isHeld
          ? {
              state: 'paused',
              waiting: COUNTED,
              reason: HELD_WITH_JOB,
            }
          : { state: 'ready' }),
      })
      .where('id', '=', row.id)
      .execute();
    if (isHeld) unit.change(row.job_id, { movable: -1 });
    else unit.ready.add(row.agent);
  }
};
