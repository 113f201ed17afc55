import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

/**
 * Hundreds of the processes that tests start read the same modules. Most of the time of such a process is the compiling of
 * them, TypeScript above all, so they share what the first has compiled. The folder is gone after the tests: they also write
 * modules of their own, at places that never come again.
 */
export const setup = (): void => {
  if (process.env['NODE_COMPILE_CACHE'] !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'dagger-compiled-'));
  process.env['NODE_COMPILE_CACHE'] = folder;
};

export const teardown = (): void => {
  if (folder === undefined) return;
  delete process.env['NODE_COMPILE_CACHE'];
  rmSync(folder, { recursive: true, force: true });
};
