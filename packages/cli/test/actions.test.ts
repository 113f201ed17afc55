import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dagger, folder } from './command.ts';

const CORE = new URL('../../core/src/index.ts', import.meta.url).href;

const names = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const cwd = folder(files);
  const args = Object.keys(files).flatMap((file) => ['--actions', file]);
  const { code, stdout, stderr } = await dagger(cwd, ['tools', ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { readonly name: string }[]).map(({ name }) => name);
};

const refusal = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const cwd = folder(files);
  const args = Object.keys(files).flatMap((file) => ['--actions', file]);
  const { code, stdout, stderr } = await dagger(cwd, ['tools', ...args]);
  expect(stdout).toBe('');
  expect(code).toBe(2);
  return stderr;
};

const action = (name: string): string => `{ name: '${name}', execute() { return {}; } }`;

describe('modules of actions', () => {
  it('give every export that is an action or a list of them, and the default export', async () => {
    expect(
      await names({
        'a.mjs': `export const a = ${action('a')}; export const list = [${action('b')}, ${action('c')}]; export const LIMIT = 3; export default ${action('d')};`,
      }),
    ).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd']));
  });

  it('may export the same action twice', async () => {
    expect(
      await names({
        'a.mjs': `export const a = ${action('a')}; export const all = [a]; export default { a };`,
      }),
    ).toEqual(['a']);
  });

  it('may be CommonJS', async () => {
    expect(
      await names({
        'a.cjs': `const make = () => ({ one: ${action('one')} }); module.exports = make();`,
      }),
    ).toEqual(['one']);
  });

  it('may be made by defineAction, in TypeScript', async () => {
    expect(
      await names({
        'a.ts': `import { defineAction } from '${CORE}';\nexport const a: object = defineAction({ name: 'typed', async execute() { return {}; } });`,
      }),
    ).toEqual(['typed']);
  });

  it('may use TypeScript that is more than types', async () => {
    expect(
      await names({
        'a.ts': `enum Name { A = 'from-enum' }\nexport const a = { name: Name.A, execute() {} };`,
      }),
    ).toEqual(['from-enum']);
  });

  it('may be TypeScript inside node_modules', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'node_modules', 'shared'), { recursive: true });
    writeFileSync(
      join(cwd, 'node_modules', 'shared', 'actions.ts'),
      `export const a: unknown = ${action('shared')};`,
    );
    const { stdout } = await dagger(cwd, ['tools', '-a', 'node_modules/shared/actions.ts']);
    expect(stdout).toContain('"shared"');
  });

  it('may be several', async () => {
    expect(
      await names({
        'a.mjs': `export const a = ${action('a')};`,
        'b.mjs': `export const b = ${action('b')};`,
      }),
    ).toEqual(['a', 'b']);
  });

  it('are refused when two have one name, naming the second module', async () => {
    expect(
      await refusal({
        'a.mjs': `export const a = ${action('same')};`,
        'b.mjs': `export const b = ${action('same')};`,
      }),
    ).toContain("ACTION_DUPLICATE: b.mjs: an action named 'same' is registered already");
  });

  it('are refused without any action', async () => {
    expect(
      await refusal({ 'a.mjs': `export const a = 3; export function execute() {}` }),
    ).toContain("the module 'a.mjs' exports no action");
  });

  it('are refused with an action that is not complete', async () => {
    expect(await refusal({ 'a.mjs': `export const a = { execute() {} };` })).toContain(
      'ACTION_INVALID: a.mjs: action (no name): name must be a non-empty string',
    );
  });

  it('are refused with their own error when they throw or cannot be parsed', async () => {
    expect(await refusal({ 'a.mjs': `throw new Error('no database');` })).toContain(
      "the module 'a.mjs' cannot be loaded: no database",
    );
    expect(await refusal({ 'a.mjs': 'export const = 3;' })).toContain(
      "the module 'a.mjs' cannot be loaded",
    );
  });

  it('may print while they load without spoiling the JSON', async () => {
    const { stdout, stderr } = await dagger(
      folder({ 'a.mjs': `console.log('loading'); export const a = ${action('a')};` }),
      ['tools', '-a', 'a.mjs'],
    );
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toBe('loading\n');
  });
});
