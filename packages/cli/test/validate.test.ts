import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { dagger, folder } from './command.ts';
import { ACTIONS, ADDING } from './files.ts';

const CYCLE = `name: cycle
nodes:
  - { id: a, action: add, dependencies: [b] }
  - { id: b, action: add, dependencies: [a, nobody] }
`;

const setup = (more: Readonly<Record<string, string>> = {}): string =>
  folder({ 'adding.yaml': ADDING, 'actions.ts': ACTIONS, ...more });

describe('dagger validate', () => {
  it('ends with 0 for good files and says nothing on stdout', async () => {
    const { code, stdout, stderr } = await dagger(setup(), ['validate', 'adding.yaml']);
    expect([code, stdout, stderr]).toEqual([0, '', '1 of 1 file good\n']);
  });

  it('prints every problem of every file of a directory as file:line:column', async () => {
    const cwd = setup({ 'cycle.yml': CYCLE, 'syntax.yaml': 'nodes: [', 'notes.txt': 'no YAML' });
    const { code, stdout, stderr } = await dagger(cwd, ['validate', '.']);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^cycle\.yml:4:\d+ .*'nobody'/m);
    expect(stdout).toMatch(/^cycle\.yml:\d+:\d+ .*cycle/m);
    expect(stdout).toMatch(/^syntax\.yaml:1:\d+ /m);
    expect(stdout).not.toContain('adding.yaml');
    expect(stderr).toContain('1 of 3 files good');
  });

  it('looks into the folders below with --recursive', async () => {
    const cwd = setup();
    mkdirSync(join(cwd, 'below'));
    writeFileSync(join(cwd, 'below', 'cycle.yaml'), CYCLE);
    expect((await dagger(cwd, ['validate', '.'])).code).toBe(0);
    const { code, stdout } = await dagger(cwd, ['validate', '.', '--recursive']);
    expect(code).toBe(2);
    expect(stdout).toContain(`${join('below', 'cycle.yaml')}:`);
  });

  it('finds unregistered actions with --actions, in their place', async () => {
    const cwd = setup({ 'other.yaml': 'name: other\nnodes:\n  - id: a\n    action: ad\n' });
    for (const path of ['.', 'other.yaml']) {
      const { code, stdout } = await dagger(cwd, ['validate', path, '--actions', 'actions.ts']);
      expect(code).toBe(2);
      expect(stdout).toBe(
        "other.yaml:4:13 the action 'ad' is not registered; did you mean 'add'? [node a]\n",
      );
    }
  });

  it('prints warnings without failing', async () => {
    const cwd = folder({
      'flow.yaml':
        'nodes: [{ id: off, action: x, enabled: false }, { id: never, action: x, dependencies: [off] }]',
    });
    const { code, stdout, stderr } = await dagger(cwd, ['validate', 'flow.yaml']);
    expect(stdout).toMatch(/^flow\.yaml:1:\d+ warning: /);
    expect(stderr).toContain('1 of 1 file good, 1 warning');
    expect(code).toBe(0);
  });

  it('prints the problems as JSON with --json', async () => {
    const { code, stdout } = await dagger(setup({ 'cycle.yaml': CYCLE }), [
      'validate',
      '.',
      '--json',
    ]);
    expect(code).toBe(2);
    const problems = JSON.parse(stdout) as Diagnostic[];
    expect(problems.map(({ file }) => file)).toContain('cycle.yaml');
    expect(problems.map(({ code }) => code)).toContain('dependency-unknown');
  });

  it('reports files that are not there, directories without YAML and names that are taken', async () => {
    const cwd = setup({ 'zzz.yaml': ADDING });
    mkdirSync(join(cwd, 'empty'));
    expect((await dagger(cwd, ['validate', 'no.yaml'])).stdout).toContain(
      'no.yaml there is no such file',
    );
    expect((await dagger(cwd, ['validate', 'empty'])).stderr).toContain(
      "no .yaml or .yml file in 'empty'",
    );
    const { code, stdout } = await dagger(cwd, ['validate', '.']);
    expect(stdout).toContain("zzz.yaml the graph 'adding' is defined already, by adding.yaml");
    expect(code).toBe(2);
  });

  it('never prints what a file holds raw', async () => {
    const cwd = folder({ 'evil.yaml': 'nodes: [{ id: "a\\e[2Jb", action: x }]' });
    const { stdout } = await dagger(cwd, ['validate', 'evil.yaml']);
    expect(stdout).toContain('evil.yaml:1:');
    expect(stdout).not.toContain('\u001b');
  });
});
