import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { alone, dagger, folder, shared } from './command.ts';
import { ACTIONS, ADDING } from './files.ts';

const RUN = ['run', 'adding.yaml', '--actions', 'actions.ts'] as const;

const setup = (more: Readonly<Record<string, string>> = {}): string =>
  folder({ 'adding.yaml': ADDING, 'actions.ts': ACTIONS, ...more });

describe('bad usage ends with 2 and one clear line', () => {
  it.each([
    ['no command', [], 'Usage: dagger'],
    ['an unknown command', ['rum'], 'Did you mean run?'],
    ['an unknown option', [...RUN, '--sequentail'], 'Did you mean --sequential?'],
    ['a policy that there is not', [...RUN, '--on-failure', 'explode'], 'continue, pause, stop'],
    ['a number that is none', [...RUN, '--max-parallel', '0'], 'at least 1'],
    ['a timeout that is none', [...RUN, '--timeout', 'soon'], 'number of seconds'],
    ['an input without a name', [...RUN, '--input', '=3'], 'has no name'],
    ['an input without a value', [...RUN, '--input', 'x'], "has no '='"],
    ['inputs that are not there', [...RUN, '--inputs', 'no.json'], 'there is no such file'],
    ['inputs that are not JSON', [...RUN, '--inputs', 'adding.yaml'], 'is not JSON'],
    [
      'a file that is not there',
      ['run', 'no.yaml', '-a', 'actions.ts'],
      'no.yaml there is no such',
    ],
    ['a module that is not there', ['run', 'adding.yaml', '-a', 'no.ts'], "no module 'no.ts'"],
    ['a storage URL of no kind', [...RUN, '--storage', 'ftp://x'], 'STORAGE_URL'],
    ['a storage URL with a bad part', [...RUN, '-s', 'sqlite:a.db?mode=x'], 'mode must be'],
    ['a database that is none', [...RUN, '--storage', 'sqlite:adding.yaml'], 'STORAGE_FAILED'],
    ['no storage where it is needed', ['runs', 'list'], 'DAGGER_STORAGE'],
    ['a database that is not there', ['runs', 'list', '-s', 'no.db'], "no database 'no.db'"],
    ['a folder that is no PGlite', ['runs', 'list', '-s', 'pglite:.'], "no database '.'"],
    ['nothing to draw', ['graph'], 'say what to draw'],
    ['a fork from nowhere', ['fork', 'r', '-s', 'runs.db'], '--from NODE'],
    ['nothing to prune', ['prune', '-s', 'runs.db'], 'say what to delete'],
    ['a status of no run', ['prune', '--status', 'done'], 'Allowed choices are running'],
    [
      'a status without a bound',
      ['prune', '--status', 'failed', '--memo-max-age-days', '1'],
      '--status needs',
    ],
    ['an age that is none', ['prune', '--max-age-days', '-1'], 'at least 0'],
    ['a value that is not JSON', ['set', 'r', 'a', 'b', 'text'], 'the value is not JSON'],
    [
      'an instruction of no kind',
      ['instruct', 'r', '{"action":"go"}'],
      'action must be retrieve_info',
    ],
  ] as const)('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await shared(setup(), args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('an unknown run id', async () => {
    const cwd = setup();
    await dagger(cwd, [...RUN, '--input', 'x=1', '--storage', 'runs.db']);
    for (const args of [
      ['runs', 'show', 'nobody'],
      ['resume', 'nobody'],
      ['graph', '--run', 'nobody'],
      ['explain', 'nobody', 'first'],
    ]) {
      const { code, stderr } = await dagger(cwd, [...args, '--storage', 'runs.db']);
      expect(stderr).toContain("RUN_UNKNOWN: there is no run 'nobody'");
      expect(code).toBe(2);
    }
  });

  it('an action that no module has', async () => {
    const { code, stderr } = await dagger(
      setup({ 'other.js': `export default { name: 'ad', execute() {} };` }),
      ['run', 'adding.yaml', '-a', 'other.js'],
    );
    expect(stderr).toContain("the action 'add' is not registered; did you mean 'ad'?");
    expect(code).toBe(2);
  });

  it('shows the stack of an error with --verbose or DEBUG', async () => {
    const cwd = setup({ 'throws.js': `throw new TypeError('not today');` });
    const args = ['run', 'adding.yaml', '-a', 'throws.js'];
    const plain = await dagger(cwd, args);
    expect(plain.stderr).toBe("error the module 'throws.js' cannot be loaded: not today\n");
    expect((await dagger(cwd, [...args, '--verbose'])).stderr).toMatch(/^ +at /m);
    expect((await dagger(cwd, args, { DEBUG: '1' })).stderr).toContain('TypeError: not today');
  });
});

describe('help', () => {
  it(
    'teaches with an example and prints the defaults on every level',
    { timeout: 120_000 },
    async () => {
      const cwd = folder();
      for (const command of [
        [],
        ['run'],
        ['resume'],
        ['rerun'],
        ['fork'],
        ['explain'],
        ['dump'],
        ['prune'],
        ['set'],
        ['instruct'],
        ['validate'],
        ['graph'],
        ['runs'],
        ['runs', 'list'],
        ['runs', 'show'],
        ['list'],
        ['tools'],
      ]) {
        const { code, stdout } = await shared(cwd, [...command, '--help']);
        expect(stdout).toContain('Example:');
        expect(stdout).toContain(`dagger ${command.join(' ')}`);
        expect(code).toBe(0);
      }
      const { stdout } = await dagger(cwd, ['help', 'run']);
      expect(stdout).toContain('at most 50 nodes in parallel');
      expect(stdout).toContain('3 attempts per node (exponential backoff: 2 s, x2, at most 60 s)');
      expect(stdout).toContain('on failure: pause');
      expect(stdout).toContain('3600 s per run');
    },
  );

  it('loads no package of dagger for the overview and the version, which answer at once', async () => {
    const refusing = `import { registerHooks } from 'node:module';
      registerHooks({
        resolve(name, context, next) {
          if (name.startsWith('@dagger/')) throw new Error('loaded ' + name);
          return next(name, context);
        },
      });`;
    const cwd = folder({ 'refusing.mjs': refusing });
    const env = { NODE_OPTIONS: `--import ${pathToFileURL(join(cwd, 'refusing.mjs')).href}` };
    expect(await alone(cwd, ['--help'], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await alone(cwd, ['--version'], env)).toMatchObject({ code: 0, stderr: '' });
    expect((await alone(cwd, ['run', '--help'], env)).stderr).toContain('loaded @dagger/core');
  });

  it('prints the version', async () => {
    const { code, stdout } = await dagger(folder(), ['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
    expect(code).toBe(0);
  });
});

describe('inputs', () => {
  it('are JSON where they are JSON, and text otherwise; the command line goes over the file', async () => {
    const cwd = folder({
      'flow.yaml': `nodes: [{ id: a, action: tell, inputs: [${[
        'n',
        'flag',
        'list',
        'quoted',
        'text',
        'big',
        'file',
        'empty',
        'eq',
      ]
        .map((name) => `{ name: ${name}, reference: inputs.${name} }`)
        .join(', ')}] }]`,
      'actions.js': `export const tell = { name: 'tell', execute({ inputs }) { return inputs; } };`,
    });
    writeFileSync(join(cwd, 'in.json'), '{ "n": 1, "file": { "deep": [true] } }');
    const inputs = [
      'n=3.5',
      'flag=true',
      'list=[1,"b"]',
      'quoted="3"',
      'text=Paris, 007',
      'big=12345678901234567890',
      'empty=',
      'eq=a=b',
    ];
    const { stdout, stderr } = await dagger(cwd, [
      'run',
      'flow.yaml',
      '-a',
      'actions.js',
      '--json',
      '--inputs',
      'in.json',
      ...inputs.flatMap((input) => ['--input', input]),
    ]);
    expect(stderr).not.toContain('error');
    const report = JSON.parse(stdout) as { nodes: { a: { outputs: unknown } } };
    expect(report.nodes.a.outputs).toEqual({
      n: 3.5,
      flag: true,
      list: [1, 'b'],
      quoted: '3',
      text: 'Paris, 007',
      big: '12345678901234567890',
      file: { deep: [true] },
      empty: '',
      eq: 'a=b',
    });
  });
});
