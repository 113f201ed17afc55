import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of the test that asks, gone when the test is. */
export const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'dagger-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** A database file that is not there yet. */
export const file = (): string => join(folder(), 'runs.db');
