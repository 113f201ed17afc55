import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { pglite } from '../src/pglite.ts';

it.each([
  ['pglite:', 'there is no folder'],
  ['', 'there is no folder'],
])('the location %j is refused', (location, reason) => {
  expect(() => pglite(location)).toThrow(
    expect.objectContaining({ code: 'STORAGE_URL', message: expect.stringContaining(reason) }),
  );
});

it('a folder that cannot be used is an error that names it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dagger-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, 'not a folder');
  expect(() => pglite(join(file, 'deep', 'er'))).toThrow(
    expect.objectContaining({ code: 'STORAGE_FAILED', message: expect.stringContaining(file) }),
  );
  const storage = pglite(file);
  await expect(sql`select 1`.execute(storage.db)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining(file),
  });
  await storage.close();
});

it('a database in memory is called so', async () => {
  const storage = pglite('pglite::memory:');
  expect(storage.location).toBe(':memory:');
  await storage.close();
});
