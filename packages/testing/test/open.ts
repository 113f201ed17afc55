import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgres } from '@dagger/postgres';
import { pglite } from '@dagger/postgres/pglite';
import { sqlite } from '@dagger/sqlite';
import { sql } from 'kysely';
import type { OpenStorage } from '../src/storage-contract/index.ts';
import { dropSchema, SERVER, unusedSchema } from './server.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'dagger-contract-'));

/** A file of its own. */
export const sqliteFile = (): OpenStorage => {
  const place = folder();
  const open = (): ReturnType<typeof sqlite> => sqlite(join(place, 'runs.db'));
  const remove = (): void => rmSync(place, { recursive: true });
  return { storage: open(), reopen: open, beside: open, remove };
};

/** A schema of its own on the server. */
export const postgresSchema = (): OpenStorage => {
  const schema = unusedSchema();
  const open = (): ReturnType<typeof postgres> => postgres({ url: SERVER, schema });
  return { storage: open(), reopen: open, beside: open, remove: () => dropSchema(schema) };
};

/** Gives folders of PGlite: making a database takes seconds, copying one does not. */
export const pgliteFolders = async (): Promise<() => OpenStorage> => {
  const template = folder();
  const first = pglite(template);
  await sql`select 1`.execute(first.db);
  await first.close();
  process.once('exit', () => rmSync(template, { recursive: true, force: true }));
  return () => {
    const place = folder();
    cpSync(template, place, { recursive: true });
    const open = (): ReturnType<typeof pglite> => pglite(place);
    return { storage: open(), reopen: open, remove: () => rmSync(place, { recursive: true }) };
  };
};
