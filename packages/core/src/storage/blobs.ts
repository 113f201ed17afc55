import type { Kysely, Transaction } from 'kysely';
import { DaggerError } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { unpack, type Packed } from './packed.ts';
import type { Storage } from './storage.ts';
import type { CoreTables } from './tables.ts';

type Db = Kysely<CoreTables> | Transaction<CoreTables>;

/**
 * Stores large values once each, and notes that a run needs them. In the transaction that also writes what names them:
 * a sweep then sees all of it or nothing.
 * @param holder the id of the run, or `memoHolder` of a result for later runs
 */
export const keepBlobs = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  holder: string,
  values: readonly Packed[],
): Promise<void> => {
  // In one order everywhere, so that two writers of the same values never wait for each other in a circle.
  const sorted = values.toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
  for (const value of sorted) {
    while (!(await insertBlob(trx, value)) && abilities.rowLocks && !(await hold(trx, value.hash)));
    await trx
      .insertInto('dagger_blob_refs')
      .values({ run_id: holder, hash: value.hash })
      .onConflict((c) => c.columns(['run_id', 'hash']).doNothing())
      .execute();
  }
};

/** False when the value is there already. */
const insertBlob = async (
  trx: Transaction<CoreTables>,
  { hash, encoding, bytes, parts }: Packed,
): Promise<boolean> => {
  const inserted = await trx
    .insertInto('dagger_blobs')
    .values({ hash, encoding, bytes, parts: parts.length })
    .onConflict((c) => c.column('hash').doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 0n) return false;
  for (const [part, body] of parts.entries()) {
    await trx.insertInto('dagger_blob_parts').values({ hash, part, body }).execute();
    // Other runs of this process have their turn between the parts of a very large value.
    if (part > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return true;
};

/** Keeps a sweep from deleting a value before its reference is committed; false when it was faster. */
const hold = async (trx: Transaction<CoreTables>, hash: string): Promise<boolean> =>
  (await trx
    .selectFrom('dagger_blobs')
    .select('hash')
    .where('hash', '=', hash)
    .forKeyShare()
    .executeTakeFirst()) !== undefined;

/** Reads a large value. @throws DaggerError STORAGE_FAILED naming run and hash when it is missing or damaged */
export const readBlob = async (
  { db, location }: Storage,
  runId: string,
  hash: string,
): Promise<JsonValue> => {
  const fail = (what: string, cause?: unknown): DaggerError =>
    new DaggerError(
      'STORAGE_FAILED',
      `a large value of run '${runId}' is ${what} in ${location}: ${hash}`,
      { ids: { runId }, cause },
    );
  const row = await db
    .selectFrom('dagger_blobs')
    .select(['encoding', 'parts'])
    .where('hash', '=', hash)
    .executeTakeFirst();
  if (row === undefined) throw fail('missing');
  let json: string;
  try {
    json = await unpack({ hash, encoding: row.encoding }, partsOf(db, hash, row.parts));
  } catch (cause) {
    throw fail('damaged', cause);
  }
  return JSON.parse(json) as JsonValue;
};

/** One part at a time, so that no more than the value itself is in memory. */
const partsOf = async function* (
  db: Db,
  hash: string,
  count: number,
): AsyncIterableIterator<Uint8Array> {
  for (let part = 0; part < count; part++) {
    const { body } = await db
      .selectFrom('dagger_blob_parts')
      .select('body')
      .where('hash', '=', hash)
      .where('part', '=', part)
      .executeTakeFirstOrThrow(() => new Error(`part ${part} of ${count} is missing`));
    yield body;
  }
};
