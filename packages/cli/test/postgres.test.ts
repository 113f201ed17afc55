import { describe, expect, it } from 'vitest';
import { dagger, folder } from './command.ts';
import { ACTIONS, FAILING } from './files.ts';
import { POSTGRES } from './storages.ts';

const RUN = ['run', 'failing.yaml', '--actions', 'actions.ts', '--run-id', 'r'] as const;

const setup = (): string => folder({ 'failing.yaml': FAILING, 'actions.ts': ACTIONS });

describe.skipIf(POSTGRES.missing)(`--storage postgres://… (${POSTGRES.name})`, () => {
  /** A server that trusts us takes any password. */
  const withSecret = (url: string): string =>
    url.replace(/^(\w+:\/\/)([^:@/]*)(?::[^@]*)?@/, '$1$2:hunter2@');

  it('shows no password, neither in what to do next nor in errors', async () => {
    const cwd = setup();
    const url = withSecret(POSTGRES.place(cwd));
    const paused = await dagger(cwd, [...RUN, '--storage', url]);
    expect(paused.code).toBe(3);
    expect(paused.stdout).toMatch(/dagger resume r --storage '?postgres:\/\/\w*:\*\*\*@/);
    const sent = await dagger(cwd, ['pause', 'r', '--storage', url]);
    const shown = await dagger(cwd, ['runs', 'show', 'r', '--storage', url, '--verbose']);
    const wrong = await dagger(cwd, ['dump', 'x', '--storage', url, '--verbose']);
    expect([sent.code, shown.code, wrong.code]).toEqual([0, 0, 2]);
    for (const { stdout, stderr } of [paused, sent, shown, wrong])
      expect(`${stdout}${stderr}`).not.toContain('hunter2');
  });

  it('names no storage where the variable does', async () => {
    const cwd = setup();
    const paused = await dagger(cwd, [...RUN], { DAGGER_STORAGE: POSTGRES.place(cwd) });
    expect(paused.stdout).toContain('\n  dagger resume r --actions actions.ts\n');
  });

  it('does not take a place without our tables for one without the run, and makes none there', async () => {
    const cwd = setup();
    const url = POSTGRES.place(cwd);
    for (const args of [
      ['runs', 'list'],
      ['runs', 'show', 'r'],
      ['approve', 'r', 'good'],
    ]) {
      const { code, stdout, stderr } = await dagger(cwd, [...args, '--storage', url]);
      expect(stderr).toContain('is not a database of dagger, or nothing was run on it yet');
      expect(stderr).not.toContain('RUN_UNKNOWN');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }
  });
});

it('a server that does not answer is told with 2 and its address', async () => {
  const url = 'postgres://ann:hunter2@127.0.0.1:1/work';
  for (const args of [['runs', 'list'], RUN]) {
    const { code, stderr } = await dagger(setup(), [...args, '--storage', url]);
    expect(stderr).toContain('STORAGE_FAILED: cannot connect to postgres://127.0.0.1:1/work: ');
    expect(stderr).not.toContain('hunter2');
    expect(code).toBe(2);
  }
});

it('runs are kept in a folder by PGlite', { timeout: 120_000 }, async () => {
  const cwd = setup();
  const stored = ['--storage', 'pglite:runs'];
  expect(await dagger(cwd, [...RUN, ...stored])).toMatchObject({ code: 3 });
  const listed = await dagger(cwd, ['runs', 'list', ...stored]);
  expect(listed.stdout).toMatch(/^r +failing +paused/m);
});
