import { randomUUID } from 'node:crypto';
import { openStorage } from '@dagger/core';
import { sql } from 'kysely';

/** The server that tests use: as `DAGGER_TEST_POSTGRES` says. */
const SERVER: string =
  process.env['DAGGER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

const run = async (statement: string): Promise<void> => {
  const storage = await openStorage(SERVER);
  try {
    await sql.raw(statement).execute(storage.db);
  } finally {
    await storage.close();
  }
};

/** Why there is no server, or undefined when there is one. */
export const serverIsMissing = async (): Promise<string | undefined> => {
  try {
    await run('select 1');
    return undefined;
  } catch (error) {
    return `no server answers (${error instanceof Error ? error.message : String(error)})`;
  }
};

/** The URL of a schema of its own, and what removes it. */
export const ownSchema = (): { readonly url: string; readonly remove: () => Promise<void> } => {
  const schema = `dagger_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(SERVER);
  url.searchParams.set('schema', schema);
  return { url: url.href, remove: () => run(`drop schema if exists ${schema} cascade`) };
};
