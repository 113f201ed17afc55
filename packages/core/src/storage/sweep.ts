import type { Transaction } from 'kysely';
import { memoHolder } from './memo-rows.ts';
import type { Storage } from './storage.ts';
import type { CoreTables } from './tables.ts';

/** Rows deleted in one transaction. */
const BATCH = 100;

/** Deletes the results for later runs that were made before a time, in milliseconds since the epoch. */
export const sweepMemos = async (
  storage: Storage,
  before: number,
  signal?: AbortSignal,
): Promise<number> =>
  inBatches(storage, signal, async (trx) => {
    let query = trx
      .selectFrom('dagger_memo')
      .select('key')
      .where('created_at', '<=', before)
      .limit(BATCH);
    // Who writes a result takes its row first and its references then. Here in the same order, or each would wait for the
    // other; and what is just being written anew is not old.
    if (storage.abilities.rowLocks) query = query.forUpdate().skipLocked();
    const found = await query.execute();
    const keys = found.map(({ key }) => key);
    if (keys.length === 0) return 0;
    await trx
      .deleteFrom('dagger_blob_refs')
      .where('run_id', 'in', keys.map(memoHolder))
      // A run may have such an id, however unlikely.
      .where('run_id', 'not in', (eb) => eb.selectFrom('dagger_runs').select('id'))
      .execute();
    await trx
      .deleteFrom('dagger_memo')
      .where('key', 'in', keys)
      .where('created_at', '<=', before)
      .execute();
    return keys.length;
  });

/** Deletes the large values that nothing refers to. */
export const sweepBlobs = async (storage: Storage, signal?: AbortSignal): Promise<number> =>
  inBatches(storage, signal, async (trx) => {
    let query = trx
      .selectFrom('dagger_blobs')
      .select('hash')
      .where('hash', 'not in', (eb) => eb.selectFrom('dagger_blob_refs').select('hash'))
      .limit(BATCH);
    // Where several write at the same time: first locks the values, so that no new reference to them can come, and only
    // then looks (in a statement of its own, which sees what was committed until now) which of them have none.
    if (storage.abilities.rowLocks) query = query.forUpdate().skipLocked();
    const hashes = (await query.execute()).map(({ hash }) => hash);
    if (hashes.length === 0) return 0;
    const referred = await trx
      .selectFrom('dagger_blob_refs')
      .select('hash')
      .where('hash', 'in', hashes)
      .execute();
    const kept = new Set(referred.map(({ hash }) => hash));
    const gone = hashes.filter((hash) => !kept.has(hash));
    if (gone.length === 0) return 0;
    await trx.deleteFrom('dagger_blob_parts').where('hash', 'in', gone).execute();
    await trx.deleteFrom('dagger_blobs').where('hash', 'in', gone).execute();
    return gone.length;
  });

/** Deletes the graphs that no run is left of. */
export const sweepDefinitions = async (storage: Storage, signal?: AbortSignal): Promise<number> =>
  inBatches(storage, signal, async (trx) => {
    let query = trx
      .selectFrom('dagger_definitions')
      .select('hash')
      .where('hash', 'not in', (eb) => eb.selectFrom('dagger_runs').select('definition_hash'))
      .limit(BATCH);
    if (storage.abilities.rowLocks) query = query.forUpdate().skipLocked();
    const hashes = (await query.execute()).map(({ hash }) => hash);
    if (hashes.length === 0) return 0;
    const used = await trx
      .selectFrom('dagger_runs')
      .select('definition_hash')
      .where('definition_hash', 'in', hashes)
      .execute();
    const kept = new Set(used.map(({ definition_hash }) => definition_hash));
    const gone = hashes.filter((hash) => !kept.has(hash));
    if (gone.length === 0) return 0;
    await trx.deleteFrom('dagger_definitions').where('hash', 'in', gone).execute();
    return gone.length;
  });

/** Repeats a short transaction until it finds nothing more to delete. */
const inBatches = async (
  storage: Storage,
  signal: AbortSignal | undefined,
  batch: (trx: Transaction<CoreTables>) => Promise<number>,
): Promise<number> => {
  let total = 0;
  for (;;) {
    if (signal?.aborted === true) return total;
    const count = await storage.transaction(batch);
    if (count === 0) return total;
    total += count;
    // Others have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
};
