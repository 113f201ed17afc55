import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunReportData, StoredRun, TraceJson } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { dagger, folder } from './command.ts';
import { ACTIONS, ADDING, FAILING } from './files.ts';

const STORAGE = ['--storage', 'runs.db'] as const;

/** A database with a run that succeeded and one that is paused. */
const setup = async (): Promise<string> => {
  const cwd = folder({ 'adding.yaml': ADDING, 'failing.yaml': FAILING, 'actions.ts': ACTIONS });
  const run = (file: string, id: string): Promise<unknown> =>
    dagger(cwd, ['run', file, '-a', 'actions.ts', '--input', 'x=1', '--run-id', id, ...STORAGE]);
  await run('adding.yaml', 'good');
  await run('failing.yaml', 'stuck');
  return cwd;
};

describe('dagger runs', () => {
  it('lists runs, the most recent first, by graph, status and number', async () => {
    const cwd = await setup();
    const list = async (...args: string[]): Promise<readonly string[]> => {
      const { code, stdout } = await dagger(cwd, ['runs', 'list', '--json', ...STORAGE, ...args]);
      expect(code).toBe(0);
      return (JSON.parse(stdout) as StoredRun[]).map(({ runId }) => runId);
    };
    expect(await list()).toEqual(['stuck', 'good']);
    expect(await list('--dag', 'adding')).toEqual(['good']);
    expect(await list('--status', 'paused')).toEqual(['stuck']);
    expect(await list('--limit', '1')).toEqual(['stuck']);
    const { stdout } = await dagger(cwd, ['runs', 'list', ...STORAGE]);
    expect(stdout).toMatch(/^stuck +failing +paused .* 1\/3 +it broke/m);
  });

  it('shows a run with its nodes and errors', async () => {
    const cwd = await setup();
    const { code, stdout } = await dagger(cwd, ['runs', 'show', 'stuck', ...STORAGE]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bad +failed +1 .*it broke "again"/m);
    const json = await dagger(cwd, ['runs', 'show', 'good', '--json', ...STORAGE]);
    expect((JSON.parse(json.stdout) as RunReportData).nodes['second']?.outputs).toEqual({ sum: 5 });
  });

  it('shows the attempts that were followed by another', async () => {
    const cwd = folder({
      'flow.yaml': 'config: { retry_strategy: immediate }\nnodes: [{ id: a, action: third }]',
      'actions.js': `export const third = { name: 'third', execute({ attempt }) { if (attempt < 3) throw new Error('attempt ' + attempt + ' is too early'); } };`,
    });
    await dagger(cwd, ['run', 'flow.yaml', '-a', 'actions.js', '--run-id', 'r', ...STORAGE]);
    const { stdout } = await dagger(cwd, ['runs', 'show', 'r', ...STORAGE]);
    expect(stdout).toMatch(/RETRIES\n.* a attempt 1, .*attempt 1 is too early\n.* a attempt 2, /);
  });
});

describe('dagger graph', () => {
  it('draws a file in each format', async () => {
    const cwd = folder({ 'adding.yaml': ADDING });
    const draw = async (...args: string[]): Promise<string> => {
      const { code, stdout } = await dagger(cwd, ['graph', 'adding.yaml', ...args]);
      expect(code).toBe(0);
      return stdout;
    };
    expect(await draw()).toMatch(/^digraph dagger \{\n[\s\S]* n0 -> n1;\n\}\n$/);
    expect(await draw('--format', 'mermaid')).toMatch(/^flowchart TB\n[\s\S]* n0 --> n1\n/);
    expect(await draw('--format', 'svg')).toContain('</svg>');
    const trace = JSON.parse(await draw('--format', 'json')) as TraceJson;
    expect(trace.edges).toEqual([{ from: 'first', to: 'second', optional: false }]);
    expect(await draw('--out', 'flow.dot')).toBe('');
    expect(readFileSync(join(cwd, 'flow.dot'), 'utf8')).toContain('digraph');
  });

  it('draws a run with what became of it', async () => {
    const cwd = await setup();
    const ofRun = await dagger(cwd, ['graph', '--run', 'stuck', ...STORAGE]);
    expect(ofRun.stdout).toContain('failed after 1 attempt');
    const withFile = await dagger(cwd, ['graph', 'failing.yaml', '--run', 'stuck', ...STORAGE]);
    expect(withFile.stdout).toBe(ofRun.stdout);
    const other = await dagger(cwd, ['graph', 'adding.yaml', '--run', 'stuck', ...STORAGE]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("a run of 'failing', not of 'adding'");
  });

  it('ends with 2 for a file that is no graph and for a place it cannot write to', async () => {
    const cwd = folder({ 'bad.yaml': 'nodes: [{ id: a }]', 'adding.yaml': ADDING });
    const bad = await dagger(cwd, ['graph', 'bad.yaml']);
    expect([bad.code, bad.stdout]).toEqual([2, '']);
    expect(bad.stderr).toContain('bad.yaml:1:');
    const unwritable = await dagger(cwd, ['graph', 'adding.yaml', '--out', 'no/such/place.dot']);
    expect(unwritable.code).toBe(2);
    expect(unwritable.stderr).toContain("cannot write 'no/such/place.dot'");
  });
});

describe('dagger list', () => {
  const flow = (name: string, tags: string): string =>
    `name: ${name}\ndescription: About ${name}\ntags: [${tags}]\nnodes: [{ id: a, action: x }]\n`;

  it('lists graphs with descriptions and tags, by a part of one tag or by all of several', async () => {
    const cwd = folder({
      'a.yaml': flow('alpha', 'nightly, small'),
      'b.yaml': flow('beta', 'nightly, large'),
      'c.yaml': flow('gamma', 'weekly'),
    });
    const list = async (...args: string[]): Promise<readonly string[]> => {
      const { code, stdout } = await dagger(cwd, ['list', '.', '--json', ...args]);
      expect(code).toBe(0);
      return (JSON.parse(stdout) as { readonly name: string }[]).map(({ name }) => name);
    };
    expect(await list()).toEqual(['alpha', 'beta', 'gamma']);
    expect(await list('--tag', 'night')).toEqual(['alpha', 'beta']);
    expect(await list('--tag', 'nightly', '--tag', 'large')).toEqual(['beta']);
    const { stdout } = await dagger(cwd, ['list', '.']);
    expect(stdout).toMatch(/^alpha +1 +nightly, small +About alpha$/m);
  });

  it('reports a bad file and lists the others', async () => {
    const cwd = folder({ 'a.yaml': flow('alpha', ''), 'b.yaml': 'nodes: 3' });
    const { code, stdout, stderr } = await dagger(cwd, ['list', '.']);
    expect(code).toBe(2);
    expect(stdout).toContain('alpha');
    expect(stderr).toContain('b.yaml:1');
  });
});
