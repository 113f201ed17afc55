import { DaggerError, type JsonValue } from '@dagger/core';
import type { Unit } from './unit.ts';

/** A change of a shared value of a job. */
export type StateWrite =
  | { readonly op: 'set'; readonly key: string; readonly value: JsonValue }
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'append'; readonly key: string; readonly value: JsonValue }
  | { readonly op: 'add'; readonly key: string; readonly value: number };

/** What a shared value becomes. @throws DaggerError TASK_INVALID where it is not a list, or not a number */
export const changed = (
  before: JsonValue | undefined,
  write: StateWrite,
): JsonValue | undefined => {
  const refuse = (what: string): never => {
    throw new DaggerError(
      'TASK_INVALID',
      `the shared value '${write.key}' is not ${what}, so nothing can be ${write.op === 'add' ? 'added' : 'appended'} to it`,
    );
  };
  switch (write.op) {
    case 'set':
      return write.value;
    case 'delete':
      return undefined;
    case 'append': {
      const list = before ?? [];
      return Array.isArray(list) ? [...(list as JsonValue[]), write.value] : refuse('a list');
    }
    case 'add': {
      const number = before ?? 0;
      return typeof number === 'number' ? number + write.value : refuse('a number');
    }
  }
};

/**
 * Writes shared values of a job, in order. The lock of the job must be held, so that nothing which is appended or added at
 * the same time is lost.
 */
export const writeState = async (
  unit: Unit,
  jobId: string,
  writes: readonly StateWrite[],
): Promise<void> => {
  for (const write of writes) {
    const { key } = write;
    const before =
      write.op === 'append' || write.op === 'add' ? await readState(unit, jobId, key) : undefined;
    const after = changed(before, write);
    if (after === undefined) {
      await unit.trx
        .deleteFrom('dagger_job_state')
        .where('job_id', '=', jobId)
        .where('key', '=', key)
        .execute();
      continue;
    }
    const value = JSON.stringify(after);
    await unit.trx
      .insertInto('dagger_job_state')
      .values({ job_id: jobId, key, value })
      .onConflict((c) => c.columns(['job_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
};

const readState = async (
  unit: Unit,
  jobId: string,
  key: string,
): Promise<JsonValue | undefined> => {
  const row = await unit.trx
    .selectFrom('dagger_job_state')
    .select('value')
    .where('job_id', '=', jobId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row === undefined ? undefined : (JSON.parse(row.value) as JsonValue);
};
