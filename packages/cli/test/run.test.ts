import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunReportData } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { alone, dagger, folder } from './command.ts';
import { ACTIONS, ADDING, FAILING } from './files.ts';

const setup = (more: Readonly<Record<string, string>> = {}): string =>
  folder({ 'adding.yaml': ADDING, 'failing.yaml': FAILING, 'actions.ts': ACTIONS, ...more });

const reportOf = (stdout: string): RunReportData => JSON.parse(stdout) as RunReportData;

describe('dagger run', () => {
  it('runs a file with TypeScript actions and inputs, and ends with 0', async () => {
    const cwd = setup();
    const { code, stdout } = await dagger(cwd, [
      'run',
      'adding.yaml',
      '--actions',
      'actions.ts',
      '--input',
      'x=3',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/second +succeeded +1 .*\{"sum":7\}/);
    expect(stdout).toContain('2 nodes: 2 succeeded');
  });

  it('prints with --json one document on stdout, whatever the actions print', async () => {
    const cwd = setup();
    const { code, stdout, stderr } = await dagger(cwd, [
      'run',
      'failing.yaml',
      '--actions',
      'actions.ts',
      '--on-failure',
      'continue',
      '--json',
    ]);
    expect(code).toBe(1);
    const report = reportOf(stdout);
    expect(report.status).toBe('failed');
    expect(report.nodes['bad']).toMatchObject({ status: 'failed', attempts: 1 });
    expect(report.nodes['after']).toMatchObject({ status: 'skipped' });
    expect(stderr).toContain('fine is at work');
    expect(stderr).toContain('✖ bad failed after 1 attempt');
  });

  it('pauses on a failure by default, ends with 3 and says how to go on', async () => {
    const cwd = setup();
    const args = ['failing.yaml', '--actions', 'actions.ts', '--run-id', 'r 1'];
    const paused = await dagger(cwd, ['run', ...args, '--storage', 'runs.db']);
    expect(paused.code).toBe(3);
    expect(paused.stdout).toContain("dagger resume 'r 1' --storage runs.db --actions actions.ts");
    // Nothing of an error reaches the terminal raw.
    expect(paused.stdout + paused.stderr).not.toContain('\u001b');
    expect(paused.stdout).toContain(String.raw`\u{1b}[31m`);

    const still = await dagger(cwd, [
      'resume',
      'r 1',
      '--storage',
      'runs.db',
      '--actions',
      'actions.ts',
    ]);
    expect(still.code).toBe(3);
    writeFileSync(join(cwd, 'mended'), '');
    const resumed = await dagger(cwd, [
      'resume',
      'r 1',
      '--storage',
      'sqlite:runs.db',
      '--actions',
      'actions.ts',
      '--json',
    ]);
    expect(resumed.code).toBe(0);
    expect(reportOf(resumed.stdout).counts).toMatchObject({ total: 3, succeeded: 3 });
    // What succeeded before is not done again.
    expect(resumed.stderr.match(/fine is at work/g)).toHaveLength(1);
  });

  it('gives the report of a run id that is finished instead of running again', async () => {
    const cwd = setup();
    const args = ['run', 'adding.yaml', '--actions', 'actions.ts', '--run-id', 'once', '--json'];
    const env = { DAGGER_STORAGE: 'runs.sqlite' };
    const first = await dagger(cwd, [...args, '--input', 'x=1'], env);
    const second = await dagger(cwd, [...args, '--input', 'x=100'], env);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(reportOf(second.stdout)).toEqual(reportOf(first.stdout));
  });

  it('ends with 1 when the run takes too long', async () => {
    const cwd = setup({ 'waiting.yaml': 'nodes: [{ id: only, action: wait }]' });
    const { code, stdout } = await dagger(cwd, [
      'run',
      'waiting.yaml',
      '--actions',
      'actions.ts',
      '--timeout',
      '1',
      '--json',
    ]);
    expect(code).toBe(1);
    expect(reportOf(stdout).status).toBe('timed_out');
  });

  it('chooses a graph of a directory with --dag and reports the bad files beside it', async () => {
    const cwd = setup({ 'broken.yaml': 'nodes: 3' });
    const args = ['run', '.', '--actions', 'actions.ts', '--input', 'x=1'];
    const ok = await dagger(cwd, [...args, '--dag', 'adding']);
    expect(ok.code).toBe(0);
    expect(ok.stderr).toContain('broken.yaml:1');
    const open = await dagger(cwd, args);
    expect(open.code).toBe(2);
    expect(open.stderr).toContain('choose one with --dag: adding, failing');
    const unknown = await dagger(cwd, [...args, '--dag', 'addin']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("did you mean 'adding'?");
  });

  it('runs one node at a time with --sequential, and at most so many with --max-parallel', async () => {
    const cwd = folder({
      'flow.yaml': `nodes: [${['a', 'b', 'c', 'd'].map((id) => `{ id: ${id}, action: count }`).join(', ')}]`,
      'actions.mjs': `let now = 0; export default { name: 'count', async execute() { now++; const most = now; await new Promise((r) => setImmediate(r)); now--; return { most }; } };`,
    });
    const most = async (...options: string[]): Promise<number> => {
      const args = ['run', 'flow.yaml', '-a', 'actions.mjs', '--json', ...options];
      const { nodes } = reportOf((await dagger(cwd, args)).stdout);
      return Math.max(...Object.values(nodes).map(({ outputs }) => Number(outputs?.['most'])));
    };
    expect(await most()).toBe(4);
    expect(await most('--sequential')).toBe(1);
    expect(await most('--max-parallel', '2')).toBe(2);
  });

  it('draws the run with --svg', async () => {
    const cwd = setup();
    const args = ['run', 'adding.yaml', '--actions', 'actions.ts', '--input', 'x=3'];
    expect((await dagger(cwd, [...args, '--svg', 'run.svg'])).code).toBe(0);
    expect(readFileSync(join(cwd, 'run.svg'), 'utf8')).toContain('succeeded after 1 attempt');
  });

  it('shows starts and log lines with --verbose', async () => {
    const cwd = folder({
      'flow.yaml': 'nodes: [{ id: a, action: talk }]',
      'actions.js': `export const talk = { name: 'talk', execute(ctx) { ctx.log.info('hello\\u001b[2J'); ctx.log.warn('careful'); } };`,
    });
    const quiet = await dagger(cwd, ['run', 'flow.yaml', '-a', 'actions.js']);
    expect(quiet.stderr).toContain('warn a: careful');
    expect(quiet.stderr).not.toContain('hello');
    const verbose = await dagger(cwd, ['run', 'flow.yaml', '-a', 'actions.js', '--verbose']);
    expect(verbose.stderr).toContain('▶ a');
    expect(verbose.stderr).toContain(String.raw`info a: hello\u{1b}[2J`);
  });

  it('ends although an action left a timer behind', async () => {
    const cwd = folder({
      'flow.yaml': 'nodes: [{ id: a, action: leave }]',
      'actions.js': `setInterval(() => {}, 1e6); export const leave = { name: 'leave', execute() {} };`,
    });
    expect((await alone(cwd, ['run', 'flow.yaml', '-a', 'actions.js'])).code).toBe(0);
  });
});
