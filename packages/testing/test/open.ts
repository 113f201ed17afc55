import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgres } from '@dagger/postgres';
import { sqlite } from '@dagger/sqlite';
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
