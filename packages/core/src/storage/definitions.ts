import type { Transaction } from 'kysely';
import type { Storage } from './storage.ts';
import type { CoreTables, DefinitionRow } from './tables.ts';

/** Stores a graph unless it is there, and keeps a sweep from deleting it before the run that names it is committed. */
export const keepDefinition = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  row: DefinitionRow,
): Promise<void> => {
  for (;;) {
    const inserted = await trx
      .insertInto('dagger_definitions')
      .values(row)
      .onConflict((c) => c.column('hash').doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 0n || !abilities.rowLocks) return;
    const held = await trx
      .selectFrom('dagger_definitions')
      .select('hash')
      .where('hash', '=', row.hash)
      .forKeyShare()
      .executeTakeFirst();
    if (held !== undefined) return;
  }
};
