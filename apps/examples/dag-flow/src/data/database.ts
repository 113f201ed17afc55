import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';

/** The tables of a database whose columns are known only while the program runs. */
export type AnyTables = Record<string, Record<string, string | number | null>>;

export interface OpenDatabase<Tables> extends AsyncDisposable {
  readonly db: Kysely<Tables>;
}

/** Opens a SQLite file for as long as the variable lives; it is made when absent, unless `mustExist`. */
export const openDatabase = <Tables>(
  path: string,
  options: { readonly mustExist?: boolean } = {},
): OpenDatabase<Tables> => {
  if (options.mustExist !== true) mkdirSync(dirname(resolve(path)), { recursive: true });
  const database = new BetterSqlite3(path, { fileMustExist: options.mustExist ?? false });
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  return { db, [Symbol.asyncDispose]: () => db.destroy() };
};
