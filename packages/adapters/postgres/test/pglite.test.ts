import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
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

describe('a folder', () => {
  const setup = (): { readonly place: string; readonly lock: string } => {
    const folder = mkdtempSync(join(tmpdir(), 'dagger-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return { place: join(folder, 'runs'), lock: join(folder, 'runs.lock') };
  };

  it('that a living process uses is refused', () => {
    const { place, lock } = setup();
    writeFileSync(lock, String(process.ppid));
    expect(() => pglite(place)).toThrow(
      expect.objectContaining({
        code: 'STORAGE_FAILED',
        message: expect.stringContaining(`is in use by process ${process.ppid}`),
      }),
    );
    expect(readFileSync(lock, 'utf8')).toBe(String(process.ppid));
    expect(existsSync(place)).toBe(false);
  });

  it('that this process uses is refused until it is closed', async () => {
    const { place, lock } = setup();
    const first = pglite(place);
    expect(() => pglite(place)).toThrow('in use by this process');
    await first.close();
    expect(existsSync(lock)).toBe(false);
    const second = pglite(place);
    await sql`select 1`.execute(second.db);
    await second.close();
  });

  it('that a process left which is gone is free', async () => {
    const { place, lock } = setup();
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(lock, String(pid));
    const storage = pglite(place);
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    await storage.close();
    expect(readdirSync(join(place, '..'))).toEqual(['runs']);
  });
});
