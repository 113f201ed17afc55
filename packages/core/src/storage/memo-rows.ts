import type { Transaction } from 'kysely';
import { DaggerError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { keepBlobs, readBlob } from './blobs.ts';
import type { PreparedMemo } from './group.ts';
import type { KeyParts, MemoAnswer } from './journal.ts';
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
  for (const { key, action, outputs, at, node, parts, large } of memos.toSorted(byKey)) {
    const row = { outputs, created_at: at, node, parts };
    await trx
      .insertInto('dagger_memo')
      .values({ key, action, ...row })
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
): Promise<MemoAnswer> => {
  const row = await storage.db
    .selectFrom('dagger_memo')
    .select(['outputs', 'created_at'])
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return { missed: 'no-result' };
  if (row.created_at < notBefore) return { missed: 'expired' };
  const hash = referenceIn(row.outputs);
  if (hash === undefined) return { outputs: JSON.parse(row.outputs) as JsonObject };
  try {
    return { outputs: (await readBlob(storage, memoHolder(key), hash)) as JsonObject };
  } catch (error) {
    // A result that is gone or damaged is one that was never kept: the action runs.
    if (error instanceof DaggerError) return { missed: 'no-result' };
    throw error;
  }
};

/** What the key of the latest result of a node before a time was made of; undefined when there is none. */
export const partsBefore = async (
  storage: Storage,
  of: { readonly action: string; readonly node: string; readonly before: number },
): Promise<KeyParts | undefined> => {
  const row = await storage.db
    .selectFrom('dagger_memo')
    .select('parts')
    .where('action', '=', of.action)
    .where('node', '=', of.node)
    .where('created_at', '<', of.before)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined || row.parts === null ? undefined : (JSON.parse(row.parts) as KeyParts);
};
