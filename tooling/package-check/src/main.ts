// Packs what would be published, and uses it as a stranger would: from the tarball, in empty
// projects outside the workspace, where no link and no source condition can hide a mistake.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { run } from './command.ts';
import { assertNoNativeCode, assertOnly, makeConsumer } from './consumer.ts';
import { packAll } from './pack.ts';

const here = resolve(import.meta.dirname, '..');
const workspace = resolve(here, '../..');
const temporary = mkdtempSync(join(tmpdir(), 'dagger-package-check-'));
let failures = 0;
/** What `@dagger/postgres/pglite` asks its user to install. */
const PGLITE = '@electric-sql/pglite@0.5';

function check(title: string, work: () => void): void {
  try {
    work();
    console.log(`ok    ${title}`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL  ${title}`);
    console.log(String(error instanceof Error ? error.message : error).replaceAll(/^/gm, '      '));
  }
}

try {
  const packages = packAll(workspace, join(temporary, 'tarballs'));
  const tarballsOf = (...names: string[]): string[] =>
    names.map((name) => {
      const found = packages.find((each) => each.name === name);
      if (found === undefined) throw new Error(`${name} is not a public package of the workspace`);
      return found.tarball;
    });
  const consumer = (template: string, ...names: string[]): string => {
    const project = join(temporary, template);
    makeConsumer(join(here, 'consumers', template), project, tarballsOf(...names));
    return project;
  };

  for (const { name, tarball, importable } of packages) {
    check(`${name}: publint`, () => run('publint', ['run', tarball, '--strict'], here));
    if (!importable) continue;
    check(`${name}: are the types wrong`, () =>
      run('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], here),
    );
  }

  check(
    '@dagger/core in an empty ESM project: types, import, no native code, no other mode',
    () => {
      const project = consumer('esm', '@dagger/core');
      assertOnly(project, ['core']);
      run('tsc', ['-p', project, '--typeRoots', join(workspace, 'node_modules/@types')], here);
      run('node', ['main.ts'], project);
      assertNoNativeCode(project);
    },
  );

  check('@dagger/core in an empty CommonJS project: require, no native code', () => {
    const project = consumer('commonjs', '@dagger/core');
    run('node', ['main.js'], project);
    assertNoNativeCode(project);
  });

  check('@dagger/cli without an adapter: npx dagger --help', () => {
    const project = consumer('cli', '@dagger/core', '@dagger/cli');
    run('npx', ['--no-install', 'dagger', '--help'], project);
    run('node', ['without-tasks.mjs'], project);
  });

  check('all packages together: npx dagger --help, a stored run', () => {
    const project = consumer('sqlite', '@dagger/core', '@dagger/sqlite', '@dagger/cli');
    run('npx', ['--no-install', 'dagger', '--help'], project);
    run('node', ['main.ts'], project);
  });

  check('threads and testing: an action on a thread, a process killed at every commit', () => {
    const names = ['core', 'sqlite', 'threads', 'testing'].map((name) => `@dagger/${name}`);
    const project = consumer('threads', ...names);
    run('node', ['main.ts'], project);
  });

  check('@dagger/tasks with an adapter beside it: types, a job, require', () => {
    const project = consumer('tasks', '@dagger/core', '@dagger/sqlite', '@dagger/tasks');
    assertOnly(project, ['core', 'sqlite', 'tasks']);
    run('tsc', ['-p', project, '--typeRoots', join(workspace, 'node_modules/@types')], here);
    run('node', ['main.ts'], project);
    run('node', ['commonjs.cjs'], project);
  });

  check('@dagger/cli beside @dagger/tasks: a job from a file, and its tree', () => {
    const project = join(temporary, 'tasks');
    const [cli] = tarballsOf('@dagger/cli');
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', cli ?? ''], project);
    const job = ['--agents', 'agents.js', '--job', 'job.yaml', '--storage', 'cli.db'];
    run('npx', ['--no-install', 'dagger', 'worker', ...job], project);
    run('npx', ['--no-install', 'dagger', 'tasks', 'tree', 'hello', '-s', 'cli.db'], project);
  });

  check('@dagger/tasks: an agent that holds up its event loop keeps its lease', () => {
    run('node', ['busy.ts'], join(temporary, 'tasks'));
  });

  check('@dagger/pubsub alone: types, agents on channels, require, no native code', () => {
    const project = consumer('pubsub', '@dagger/core', '@dagger/pubsub');
    assertOnly(project, ['core', 'pubsub']);
    run('tsc', ['-p', project, '--typeRoots', join(workspace, 'node_modules/@types')], here);
    run('node', ['main.ts'], project);
    run('node', ['commonjs.cjs'], project);
    assertNoNativeCode(project);
  });

  check('@dagger/postgres: an import without PGlite, a stored run with it, no native code', () => {
    const project = consumer('postgres', '@dagger/core', '@dagger/postgres');
    run('node', ['server.ts'], project);
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', PGLITE], project);
    run('node', ['pglite.ts'], project);
    assertNoNativeCode(project);
  });
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

console.log(failures === 0 ? 'packages are fit to publish' : `${String(failures)} checks failed`);
process.exitCode = failures === 0 ? 0 : 1;
