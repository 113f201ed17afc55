import Database from 'better-sqlite3';
import { quote, type Written, type WrittenTable } from '../durable/written-rows.ts';

/**
 * The durable floor: the same rows with the same bodies, in as many transactions, by prepared inserts and nothing else. Each table's
 * rows are spread evenly over the transactions. Returns milliseconds; opening the file and making the schema are not timed.
 */
export function runRawLoop(file: string, written: Written, commits: number): number {
  const database = new Database(file);
  try {
    database.pragma('journal_mode = wal');
    database.pragma('synchronous = normal');
    database.pragma('foreign_keys = off');
    for (const statement of written.schema) database.exec(statement);
    const began = performance.now();
    const tables = written.tables.map((table) => ({
      rows: table.rows,
      insert: prepareInsert(database, table),
    }));
    const begin = database.prepare('begin immediate');
    const commit = database.prepare('commit');
    for (let group = 0; group < commits; group += 1) {
      begin.run();
      for (const { rows, insert } of tables) {
        const end = Math.floor(((group + 1) * rows.length) / commits);
        for (let row = Math.floor((group * rows.length) / commits); row < end; row += 1)
          insert.run(...rows[row]!);
      }
      commit.run();
    }
    return performance.now() - began;
  } finally {
    database.close();
  }
}

function prepareInsert(
  database: Database.Database,
  { name, columns }: WrittenTable,
): Database.Statement {
  const places = columns.map(() => '?').join(', ');
  return database.prepare(
    `insert into ${quote(name)} (${columns.map(quote).join(', ')}) values (${places})`,
  );
}
