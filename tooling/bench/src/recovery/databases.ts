import { postgres } from '@dagger/postgres';
import { withTempFile } from '../durable/temp-file.ts';
import { POSTGRES } from '../servers.ts';

/** Where interrupted runs lie. */
export interface RecoveryDatabase {
  readonly name: string;
  /** Nodes; beyond these it takes too long to get near the end, since each commit is a round trip. */
  readonly largest: number;
  /** Lends an empty storage, by its URL. */
  readonly use: <T>(work: (url: string) => Promise<T>) => Promise<T>;
}

export const sqliteFile: RecoveryDatabase = {
  name: 'SQLite',
  largest: Infinity,
  use: (work) => withTempFile((file) => work(`sqlite:${file}`)),
};

/** A schema of its own on the server, dropped afterwards; the reason where none answers. */
export async function postgresServer(): Promise<RecoveryDatabase | { readonly skipped: string }> {
  try {
    const storage = postgres(POSTGRES);
    await storage.db.introspection.getSchemas();
    await storage.close();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { skipped: `PostgreSQL: skipped, ${reason}` };
  }
  return { name: 'PostgreSQL', largest: 10_000, use: withSchema };
}

async function withSchema<T>(work: (url: string) => Promise<T>): Promise<T> {
  const schema = `dagger_bench_${process.pid}`;
  try {
    return await work(`${POSTGRES}${POSTGRES.includes('?') ? '&' : '?'}schema=${schema}`);
  } finally {
    const storage = postgres(POSTGRES);
    await storage.db.schema.dropSchema(schema).ifExists().cascade().execute();
    await storage.close();
  }
}
