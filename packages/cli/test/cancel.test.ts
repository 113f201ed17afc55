import type { RunReportData } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { alone, dagger, folder, start } from './command.ts';
import { ACTIONS, WAITING } from './files.ts';

const setup = (): string =>
  folder({
    'waiting.yaml': WAITING,
    // Whoever waits for the grace time here waits for an hour.
    'stubborn.yaml': 'config: { grace_period: 3600 }\nnodes: [{ id: only, action: stubborn }]',
    'actions.ts': ACTIONS,
  });

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s cancels the run and ends with 130 [P46]',
    async (signal) => {
      const cwd = setup();
      const run = start(cwd, [
        'run',
        'waiting.yaml',
        '-a',
        'actions.ts',
        '-s',
        'runs.db',
        '--run-id',
        'r',
      ]);
      await run.printed('waiting now');
      run.process.kill(signal);
      const { code, stdout, stderr } = await run.ended;
      expect(code).toBe(130);
      expect(stderr).toContain(`${signal}: cancelling`);
      expect(stdout).toContain('waiting cancelled');
      expect(stdout).toContain('dagger resume r --storage runs.db --actions actions.ts');
      const shown = await dagger(cwd, ['runs', 'show', 'r', '-s', 'runs.db', '--json']);
      expect((JSON.parse(shown.stdout) as RunReportData).status).toBe('cancelled');
    },
  );

  it('still prints the document with --json', async () => {
    const run = start(setup(), ['run', 'waiting.yaml', '-a', 'actions.ts', '--json']);
    await run.printed('waiting now');
    run.process.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'cancelled',
      nodes: { only: { status: 'cancelled' } },
    });
  });

  it('that comes twice does not wait for an action that does not listen [P47]', async () => {
    const run = start(setup(), ['run', 'stubborn.yaml', '-a', 'actions.ts', '--json']);
    await run.printed('waiting now');
    run.process.kill('SIGINT');
    await run.printed('SIGINT: cancelling');
    run.process.kill('SIGINT');
    await run.printed('not waiting any longer');
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    const report = JSON.parse(stdout) as RunReportData;
    expect(report.nodes['only']?.reason).toContain('did not end within the grace time');
  });
});

describe('a process that works on a run', () => {
  it('keeps others from it while it lives, and leaves it to them when it is killed [P54]', async () => {
    const cwd = setup();
    const args = ['waiting.yaml', '-a', 'actions.ts', '-s', 'runs.db', '--run-id', 'r'];
    const first = start(cwd, ['run', ...args]);
    await first.printed('waiting now');
    const refused = await dagger(cwd, ['resume', 'r', '-a', 'actions.ts', '-s', 'runs.db']);
    expect(refused.stderr).toContain("RUN_OWNED: run 'r' is being worked on by process");
    expect(refused.code).toBe(1);
    first.process.kill('SIGKILL');
    await first.ended;
    expect((await dagger(cwd, ['runs', 'list', '-s', 'runs.db'])).stdout).toContain('interrupted');
    const second = start(cwd, ['run', ...args]);
    await second.printed('waiting now');
    second.process.kill('SIGINT');
    expect((await second.ended).code).toBe(130);
  });

  it('ends with 1 and says so when an action forgets a promise that fails', async () => {
    const cwd = folder({
      'waiting.yaml': WAITING,
      'actions.js': `export const wait = { name: 'wait', execute() { void Promise.reject(new Error('forgotten')); return new Promise(() => {}); } };`,
    });
    const { code, stderr } = await alone(cwd, ['run', 'waiting.yaml', '-a', 'actions.js']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error Error: forgotten\nthe process was ended before the run '.+' was over\n/,
    );
  });

  it.each([0, 130])(
    'ends with 1, and not with the %i of an action that ends the process',
    async (own) => {
      const cwd = folder({
        'waiting.yaml': WAITING,
        'actions.js': `export const wait = { name: 'wait', execute() { process.exit(${own}); } };`,
      });
      const args = ['run', 'waiting.yaml', '-a', 'actions.js', '-s', 'runs.db', '--run-id', 'r'];
      const { code, stderr } = await alone(cwd, args);
      expect(code).toBe(1);
      expect(stderr).toContain("the process was ended before the run 'r' was over");
      expect(stderr).toContain('dagger resume r --storage runs.db');
    },
  );
});

describe('a pipe that is closed early', () => {
  it('neither crashes the command nor ends the run', async () => {
    const cwd = folder({
      'flow.yaml': `nodes: [{ id: talk, action: talk }, { id: last, action: save, dependencies: [talk] }]`,
      'actions.js': `
        import { writeFileSync } from 'node:fs';
        export const actions = [
          { name: 'talk', async execute() {
            for (let i = 0; i < 100; i++) { console.log('x'.repeat(10_000)); await new Promise((r) => setImmediate(r)); }
          } },
          { name: 'save', execute() { writeFileSync('done', ''); } },
        ];`,
    });
    const run = start(cwd, [
      'run',
      'flow.yaml',
      '-a',
      'actions.js',
      '-s',
      'runs.db',
      '--run-id',
      'r',
    ]);
    await run.printed('xxx');
    run.process.stdout?.destroy();
    const { code, stderr } = await run.ended;
    expect(stderr).not.toMatch(/EPIPE|^ +at /m);
    expect(code).toBe(0);
    const { stdout } = await dagger(cwd, ['runs', 'list', '-s', 'runs.db', '--json']);
    expect(JSON.parse(stdout)).toMatchObject([{ runId: 'r', status: 'succeeded' }]);
  });
});
