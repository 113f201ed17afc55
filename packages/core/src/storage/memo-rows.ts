import type { Transaction } from 'kysely';
import { DaggerError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { keepBlobs, readBlob } from './blobs.ts';
import type { PreparedMemo } from './group.ts';
import { referenceIn } from './reference-text.ts';
import type { Storage } from './storage.ts';
import type { CoreTables } from './tables.ts';

/** Who holds the large outputs of a result for later runs, in the table of references. */
export const memoHolder = (key: string): string => `memo:${key}`;

/** Writes results for later runs over what was there. */
export const writeMemoRows = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  memos: readonly PreparedMemo[],
): Promise<void> => {
  // In the order of their keys: two runs that write the same results would otherwise wait for each other's rows.
  for (const { key, action, outputs, at, large } of memos.toSorted(byKey)) {
    const row = { outputs, created_at: at };
    await trx
      .insertInto('dagger_memo')
      .values({ key, action, ...row, node: null, parts: null })
      .onConflict((c) => c.column('key').doUpdateSet(row))
      .execute();
    if (large !== undefined) await keepBlobs(trx, storage, memoHolder(key), [large]);
  }
};

const byKey = (a: PreparedMemo, b: PreparedMemo): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

/** The result of an earlier run under a key, unless it is older than `notBefore`. */
export const readMemo = async (
  storage: Storage,
  key: string,
  notBefore: number,
): Promise<JsonObject | undefined> => {
  const row = await storage.db
    .selectFrom('dagger_memo')
    .select(['outputs', 'created_at'])
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined || row.created_at < notBefore) return undefined;
  const hash = referenceIn(row.outputs);
  if (hash === undefined) return JSON.parse(row.outputs) as JsonObject;
  try {
    return (await readBlob(storage, memoHolder(key), hash)) as JsonObject;
  } catch (error) {
    // A result that is gone or damaged is one that was never kept: the action runs.
    if (error instanceof DaggerError) return undefined;
    throw error;
  }
};
