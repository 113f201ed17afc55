import Database from 'better-sqlite3';

/** What an engine left in its database: the schema, and each table's rows in the order in which they were put there. */
export interface WrittenTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface Written {
  readonly schema: readonly string[];
  readonly tables: readonly WrittenTable[];
  readonly rowCount: number;
}

/** Rows that were there before the run (a row a migration, say) are not the run's: `before` counts them by table. */
export function readWritten(file: string, before: ReadonlyMap<string, number>): Written {
  const database = new Database(file, { readonly: true });
  try {
    const tables = tableNames(database).map((name): WrittenTable => {
      const columns = database.prepare(`pragma table_info(${quote(name)})`).all() as {
        name: string;
      }[];
      const rows = database
        .prepare(`select * from ${quote(name)}`)
        .raw()
        .all() as unknown[][];
      return {
        name,
        columns: columns.map((column) => column.name),
        rows: rows.slice(before.get(name) ?? 0),
      };
    });
    const schema = database
      .prepare(
        `select sql from sqlite_master where sql is not null and name not like 'sqlite\\_%' escape '\\' order by rowid`,
      )
      .pluck()
      .all() as string[];
    return { schema, tables, rowCount: tables.reduce((sum, { rows }) => sum + rows.length, 0) };
  } finally {
    database.close();
  }
}

export function countRows(file: string): Map<string, number> {
  const database = new Database(file, { readonly: true });
  try {
    const count = (name: string): number =>
      database
        .prepare(`select count(*) from ${quote(name)}`)
        .pluck()
        .get() as number;
    return new Map(tableNames(database).map((name) => [name, count(name)]));
  } finally {
    database.close();
  }
}

/** Pages as a reader sees them, the log included. */
export function databaseBytes(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    const read = (pragma: string): number => database.pragma(pragma, { simple: true }) as number;
    return read('page_count') * read('page_size');
  } finally {
    database.close();
  }
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function tableNames(database: Database.Database): string[] {
  return database
    .prepare(
      `select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by rowid`,
    )
    .pluck()
    .all() as string[];
}
