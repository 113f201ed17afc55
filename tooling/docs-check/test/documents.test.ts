import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadYaml } from '@dagger/core';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { documents } from '../src/documents.ts';
import { snippet } from '../src/snippets.ts';
import type { Answered, Asked } from './host.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const here = fileURLToPath(new URL('../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test.each(Object.keys(documents))(
  '%s is what the code makes; `pnpm run docs` writes it',
  (path) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(documents[path]?.());
  },
);

let host: ChildProcess | undefined;
const ended = new AbortController();
afterAll(() => void host?.kill());

const newHost = (): ChildProcess =>
  fork(join(here, 'test/host.ts'), {
    execArgv: ['-C', '@dagger/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  }).once('exit', () => ended.abort(new Error('the process of the programs has ended')));

/** Runs a program in a process that runs all of them: most of the time of a process of its own is its start. */
const run = async (asked: Asked): Promise<string> => {
  host ??= newHost();
  const answer = once(host, 'message', ended);
  host.send(asked);
  const [{ stdout, error }] = (await answer) as [Answered];
  expect(error).toBeUndefined();
  return stdout;
};

/**
 * Runs a program in a fresh folder of this package, from which its imports resolve; gives what it printed each time.
 * @param files others that lie beside it, by their names
 */
const print = async (
  program: string,
  times: number,
  files: { readonly [name: string]: string } = {},
): Promise<string[]> => {
  const folder = mkdtempSync(join(here, 'program-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'program.ts'), program);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const printed: string[] = [];
  for (let time = 0; time < times; time++) printed.push(await run({ folder, time }));
  return printed;
};

test('the program in the README prints what the README says, and again without running anything', async () => {
  const expected = snippet(readme, 'output: readme.ts');
  expect(await print(snippet(readme, 'run: readme.ts'), 2)).toEqual([expected, expected]);
});

test('the program in the README of core prints what its comment says', async () => {
  const text = readFileSync(join(root, 'packages/core/README.md'), 'utf8');
  expect(await print(snippet(text, 'run: core.ts'), 1)).toEqual(["{ text: 'Hello you' }\n"]);
});

test('the programs in the README of testing print what their comments say', async () => {
  const text = readFileSync(join(root, 'packages/testing/README.md'), 'utf8');
  expect(await print(snippet(text, 'run: testing-clock.ts'), 1)).toEqual([
    'succeeded 60 minutes\n',
  ]);
  expect(await print(snippet(text, 'run: testing-explore.ts'), 1)).toEqual([
    'seed 1: an update was lost\n',
  ]);
});

test('the program in the README of threads prints what its comment says', async () => {
  const text = readFileSync(join(root, 'packages/threads/README.md'), 'utf8');
  const files = { 'heavy.ts': snippet(text, 'file: heavy.ts') };
  expect(await print(snippet(text, 'run: threads.ts'), 1, files)).toEqual([
    '{ sum: 45 } { sum: 4950 }\n',
  ]);
});

test('the program in the README of tasks prints what its comment says', async () => {
  const text = readFileSync(join(root, 'packages/task-agent/README.md'), 'utf8');
  expect(await print(snippet(text, 'run: tasks-readme.ts'), 1)).toEqual([
    "{ facts: [ 'ants have six legs', 'bees have six legs' ] }\n",
  ]);
});

test('the program in the README of pubsub prints what its comment says', async () => {
  const text = readFileSync(join(root, 'packages/pubsub/README.md'), 'utf8');
  expect(await print(snippet(text, 'run: pubsub-readme.ts'), 1)).toEqual([
    'true 5 { ants: 4, have: 4, six: 3, legs: 4 }\n',
  ]);
});

test('the program about jobs in the README prints what the README says, and again without running anything', async () => {
  const expected = snippet(readme, 'output: jobs.ts');
  expect(await print(snippet(readme, 'run: jobs.ts'), 2)).toEqual([expected, expected]);
});

test('the program about people in the loop prints what its page says', async () => {
  const page = readFileSync(join(root, 'docs/human.md'), 'utf8');
  expect(await print(snippet(page, 'run: human.ts'), 1)).toEqual([
    snippet(page, 'output: human.ts'),
  ]);
  expect(loadYaml(snippet(page, 'check: human.yaml')).diagnostics).toEqual([]);
});

test('the program about the history of runs prints what its page says', async () => {
  const page = readFileSync(join(root, 'docs/history.md'), 'utf8');
  expect(await print(snippet(page, 'run: history.ts'), 1)).toEqual([
    snippet(page, 'output: history.ts'),
  ]);
});

const pages = ['docs/tasks.md', 'docs/pubsub.md'].map(
  (path) => [path, readFileSync(join(root, path), 'utf8')] as const,
);

test.each(
  pages.flatMap(([path, page]) =>
    [...page.matchAll(/<!-- run: (\S+) -->/g)].map(([, name]) => [name as string, path, page]),
  ),
)('the program %s prints what %s says', async (name, _, page) => {
  expect(await print(snippet(page, `run: ${name}`), 1)).toEqual([snippet(page, `output: ${name}`)]);
});

test.each(pages)('%s has no program that is not run', (_, page) => {
  const programs = page.match(/^```ts$/gm) ?? [];
  expect(page.match(/^<!-- run: .*-->\n\n```ts$/gm)).toHaveLength(programs.length);
});

test('the YAML in the README loads without a warning', () => {
  expect(loadYaml(snippet(readme, 'check: yaml')).diagnostics).toEqual([]);
});

test('the complaint that the README shows is the one that the loader makes', () => {
  const yaml =
    'nodes:\n  - id: fetch\n    action: a\n\n  - id: mean\n    action: b\n    depends_on: [fetch]\n';
  const { diagnostics } = loadYaml(yaml, { file: 'flow.yaml' });
  const [first] = diagnostics;
  expect(readme).toContain(`flow.yaml:${first?.line}:${first?.column} ${first?.message}`);
});
