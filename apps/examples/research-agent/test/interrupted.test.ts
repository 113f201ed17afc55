import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sqlite } from '@dagger/sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openResearch, startResearch } from '../src/open-research.ts';
import type { Report } from '../src/thinking/report.ts';
import { deskForTest, QUESTIONS } from './desk-for-test.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('a research job whose process was killed goes on where it was, to the report of one that was not', async () => {
  const file = join(await temporaryFolder(), 'tasks.db');
  const program = join(import.meta.dirname, 'stops-at-the-report.ts');
  const child = spawn(process.execPath, ['-C', '@dagger/source', program, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('composing\n');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;

  const desk = deskForTest();
  await using manager = await openResearch({ storage: sqlite(file), desk });
  const before = await manager.history('job');
  const job = await startResearch(manager, 'job', QUESTIONS);
  expect(job.isNew).toBe(false);
  const { success, outputs } = await job.done;
  expect(success).toBe(true);
  const after = (await manager.history('job')).slice(before.length);
  // The research is not done again: what is new is the report and its reviews.
  expect(after.map(({ type }) => type)).toEqual([
    'TaskCrashed',
    'TaskInReview',
    'TaskAdded',
    'TaskCompleted',
    'TaskRejected',
    'TaskInReview',
    'TaskAdded',
    'TaskCompleted',
    'TaskAccepted',
    'JobFinished',
  ]);

  await using other = await openResearch({ storage: sqlite(':memory:'), desk });
  const straight = await (await startResearch(other, 'job', QUESTIONS)).done;
  expect((outputs['report'] as Report).markdown).toBe(
    (straight.outputs['report'] as Report).markdown,
  );
});
