// Without @dagger/tasks, its commands say what to install, and end as for bad usage.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const { status, stderr } = spawnSync(
  'npx',
  ['--no-install', 'dagger', 'tasks', 'jobs', '-s', 'x.db'],
  {
    encoding: 'utf8',
  },
);
assert.match(stderr, /needs the package @dagger\/tasks.*npm install @dagger\/tasks/);
assert.equal(status, 2);
