import type { Kysely } from 'kysely';
import type { AnyTables } from './database.ts';

export type FlatRow = Readonly<Record<string, string | number | null>>;

const ROWS_PER_INSERT = 200;

/**
 * Fills a table with the rows, in place of what it held. One transaction, so that a second attempt after a crash neither
 * doubles the rows nor leaves half of them.
 */
export const replaceTable = (
  db: Kysely<AnyTables>,
  table: string,
  rows: readonly FlatRow[],
): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await trx.schema.dropTable(table).ifExists().execute();
    let create = trx.schema.createTable(table);
    for (const [column, type] of columnTypes(rows)) create = create.addColumn(column, type);
    await create.execute();
    for (let at = 0; at < rows.length; at += ROWS_PER_INSERT)
      await trx
        .insertInto(table)
        .values(rows.slice(at, at + ROWS_PER_INSERT))
        .execute();
  });

const columnTypes = (rows: readonly FlatRow[]): Map<string, 'text' | 'real'> => {
  const types = new Map<string, 'text' | 'real'>();
  for (const row of rows)
    for (const [column, value] of Object.entries(row))
      types.set(
        column,
        types.get(column) === 'text' || typeof value === 'string' ? 'text' : 'real',
      );
  return types;
};
