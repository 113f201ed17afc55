import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { onTestFinished } from 'vitest';

/** Where tests keep runs. */
export interface Storage {
  /** With the reason why its tests are skipped. */
  readonly name: string;
  readonly missing: boolean;
  /** The URL of a place that nobody uses, for a test in a folder; what is there is gone after the test. */
  readonly place: (cwd: string) => string;
}

/** The server that tests use: as `DAGGER_TEST_POSTGRES` says. */
const SERVER = process.env['DAGGER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

const query = async (text: string): Promise<void> => {
  const client = new Client({ connectionString: SERVER, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const missing: string | undefined = await query('select 1').then(
  () => undefined,
  (error: unknown) => `no server answers (${reasonOf(error)})`,
);

/** A URL with a schema that nobody uses. */
const ownSchema = (): string => {
  const schema = `dagger_${randomUUID().replaceAll('-', '')}`;
  onTestFinished(() => query(`drop schema if exists ${schema} cascade`));
  return `${SERVER}${SERVER.includes('?') ? '&' : '?'}schema=${schema}`;
};

export const POSTGRES: Storage = {
  name: missing === undefined ? 'PostgreSQL' : `PostgreSQL (skipped: ${missing})`,
  missing: missing !== undefined,
  place: ownSchema,
};

export const STORAGES: readonly Storage[] = [
  { name: 'SQLite', missing: false, place: (cwd) => `sqlite:${join(cwd, 'runs.db')}` },
  POSTGRES,
];
