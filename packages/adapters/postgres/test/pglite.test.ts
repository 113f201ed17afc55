import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

it.each([
  ['in place of which there is a file', []],
  ['that would lie in a file', ['deep', 'er']],
])('a folder %s is an error that names it', (_, below) => {
  const folder = mkdtempSync(join(tmpdir(), 'dagger-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, 'not a folder');
  expect(() => pglite(join(file, ...below))).toThrow(
    expect.objectContaining({ code: 'STORAGE_FAILED', message: expect.stringContaining(file) }),
  );
  expect(readdirSync(folder)).toEqual(['file']);
});

it('a database in memory is called so', async () => {
  const storage = pglite('pglite::memory:');
  expect(storage.location).toBe(':memory:');
  const { rows } = await sql`select 1 as one`.execute(storage.db);
  expect(rows).toEqual([{ one: 1 }]);
  await storage.close();
});

describe('a folder', () => {
  const setup = (): { readonly place: string; readonly lock: string } => {
    const folder = mkdtempSync(join(tmpdir(), 'dagger-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return { place: join(folder, 'runs'), lock: join(folder, 'runs.lock') };
  };

  /** Nothing can be done with it, and unlike a new one it is opened and closed in no time. */
  const broken = (place: string): void => {
    mkdirSync(place);
    writeFileSync(join(place, 'PG_VERSION'), 'none');
  };

  it('with a database that cannot be used is an error that names it', async () => {
    const { place, lock } = setup();
    broken(place);
    const storage = pglite(place);
    await expect(sql`select 1`.execute(storage.db)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining(place),
    });
    await storage.close();
    expect(existsSync(lock)).toBe(false);
  });

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
    broken(place);
    const first = pglite(place);
    expect(() => pglite(place)).toThrow('in use by this process');
    await first.close();
    expect(existsSync(lock)).toBe(false);
    await pglite(place).close();
  });

  it('that a process left which is gone is free', async () => {
    const { place, lock } = setup();
    broken(place);
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(lock, String(pid));
    const storage = pglite(place);
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    await storage.close();
    expect(readdirSync(join(place, '..'))).toEqual(['runs']);
  });
});
