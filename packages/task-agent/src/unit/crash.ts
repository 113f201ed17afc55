import { DaggerError, toErrorData } from '@dagger/core';
import { writeReason, HELD_WITH_JOB } from '../lifecycle/reason.ts';
import { readOptions } from '../spec/task-spec.ts';
import type { TaskRow } from '../store/tables.ts';
import { COUNTED } from './counted.ts';
import { failForGood } from './fail.ts';
import type { Unit } from './unit.ts';

const DEFAULT_MAX_CRASHES = 3;

/**
 * What becomes of a task in progress whose worker is gone, as its `onCrash` says. Crashes are counted apart from failures:
 * what kills its workers again and again fails in the end.
 */
export const crashTask = async (unit: Unit, row: TaskRow): Promise<void> => {
  const { onCrash = 'retry', maxCrashes = DEFAULT_MAX_CRASHES } = readOptions(row.options);
  const worker = row.worker ?? 'unknown';
  const crashes = row.crashes + 1;
  const told = (next: string): void =>
    unit.log(row.job_id, { type: 'TaskCrashed', taskId: row.id, worker: placeOf(worker), next });
  if (onCrash === 'block') {
    await unit.trx
      .updateTable('dagger_tasks')
      .set({
        state: 'blocked',
        crashes,
        waiting: COUNTED,
        worker: null,
        deadline: null,
        reason: writeReason({ kind: 'crash', worker: placeOf(worker) }),
      })
      .where('id', '=', row.id)
      .execute();
    unit.change(row.job_id, { movable: -1 });
    told('blocked');
  } else if (onCrash === 'fail' || crashes > maxCrashes) {
    told('failed');
    const error = new DaggerError(
      'TASK_CRASHED',
      onCrash === 'fail'
        ? `its worker (${placeOf(worker)}) died, and it is not to run twice`
        : `its worker (${placeOf(worker)}) died, the ${crashes}th time; maxCrashes is ${maxCrashes}`,
      { ids: { taskId: row.id } },
    );
    await unit.trx.updateTable('dagger_tasks').set({ crashes }).where('id', '=', row.id).execute();
    await failForGood(unit, { ...row, failures: row.failures - 1 }, toErrorData(error));
  } else {
    const isHeld = unit.job(row.job_id).status === 'paused';
    await unit.trx
      .updateTable('dagger_tasks')
      .set({
        state: isHeld ? 'paused' : 'ready',
        crashes,
        worker: null,
        deadline: null,
        ...(isHeld
          ? {
              waiting: COUNTED,
              reason: HELD_WITH_JOB,
            }
          : {}),
      })
      .where('id', '=', row.id)
      .execute();
    unit.change(row.job_id, { movable: isHeld ? -1 : 0 });
    told('ready');
    if (!isHeld) unit.ready.add(row.agent);
  }
};

/** Host and process of a worker. */
export const placeOf = (worker: string): string => {
  const [host, pid] = worker.split('#');
  return pid === undefined ? worker : `process ${pid} on ${host ?? '?'}`;
};
