import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pglite } from '@dagger/postgres/pglite';
import { sql } from 'kysely';
import { afterAll, beforeAll } from 'vitest';
import { storageContract } from '../src/storage-contract/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'dagger-contract-'));
const template = join(folder, 'template');
let places = 0;

// Making a database takes seconds, copying one does not.
beforeAll(async () => {
  const storage = pglite(template);
  await sql`select 1`.execute(storage.db);
  await storage.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

storageContract({
  name: 'PGlite',
  features: {
    persistent: true,
    concurrentConnections: { cannot: 'a folder belongs to one instance' },
    notify: true,
  },
  open: () => {
    const place = join(folder, `place-${places++}`);
    cpSync(template, place, { recursive: true });
    const open = (): ReturnType<typeof pglite> => pglite(place);
    return { storage: open(), reopen: open, remove: () => rmSync(place, { recursive: true }) };
  },
});
