import type { SqliteDatabase } from 'kysely';
import type BetterSqlite3 from 'better-sqlite3';

const MOST = 500;

/**
 * The database as Kysely's dialect sees it, with prepared statements kept by their text: preparing costs more than
 * running a small statement.
 */
export const withKeptStatements = (database: BetterSqlite3.Database): SqliteDatabase => {
  const kept = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  return {
    close: () => {
      kept.clear();
      database.close();
    },
    prepare(sql) {
      let statement = kept.get(sql);
      if (statement === undefined) {
        if (kept.size >= MOST) kept.clear();
        statement = database.prepare(sql) as unknown as ReturnType<SqliteDatabase['prepare']>;
        kept.set(sql, statement);
      }
      return statement;
    },
  };
};
