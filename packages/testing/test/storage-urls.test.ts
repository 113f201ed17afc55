import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ActionRegistry, DagExecutor } from '@dagger/core';
import { describe, expect, it } from 'vitest';

/** What a program that lies beside the installed adapters prints when it opens an executor on a URL. */
const opened = (url: string): string => {
  const program = `
    import { ActionRegistry, DagExecutor } from '@dagger/core';
    try {
      const executor = await DagExecutor.open({ registry: new ActionRegistry(), storage: process.argv[1] });
      await executor.close();
      console.log('opened');
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['-C', '@dagger/source', '--input-type=module', '-e', program, url],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
  );
  return `${stdout}${stderr}`.trim();
};

describe('a storage URL', () => {
  it('sqlite: opens its adapter', () => {
    expect(opened('sqlite::memory:')).toBe('opened');
  });

  it('pglite: opens its adapter', () => {
    // The folder would lie in this file, and the adapter says so.
    const place = `${fileURLToPath(import.meta.url)}/runs`;
    expect(opened(`pglite:${place}`)).toContain(
      `STORAGE_FAILED cannot open the PGlite database '${place}': `,
    );
  });

  it.each(['postgres', 'postgresql'])('%s: opens its adapter', (scheme) => {
    // Nothing listens on port 1, and the adapter says so.
    expect(opened(`${scheme}://ann:hunter2@127.0.0.1:1/work`)).toMatch(
      /^STORAGE_FAILED cannot connect to postgres:\/\/127\.0\.0\.1:1\/work: /,
    );
  });

  it('of an unknown kind is refused with those that are known', async () => {
    const opening = DagExecutor.open({ registry: new ActionRegistry(), storage: 'mysql://h/d' });
    await expect(opening).rejects.toMatchObject({
      code: 'STORAGE_URL',
      message: expect.stringContaining(
        'begins with one of sqlite:, postgres:, postgresql:, pglite:',
      ),
    });
  });
});
