// Without @dagger/tasks or @dagger/pubsub, their commands say what to install, and end as for bad usage.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

for (const [name, ...command] of [
  ['tasks', 'tasks', 'jobs'],
  ['pubsub', 'messages', 'list'],
]) {
  const { status, stderr } = spawnSync(
    'npx',
    ['--no-install', 'dagger', ...command, '-s', 'x.db'],
    { encoding: 'utf8' },
  );
  assert.match(
    stderr,
    new RegExp(`needs the package @dagger/${name}.*npm install @dagger/${name}`),
  );
  assert.equal(status, 2);
}
