import type { Storage } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { TaskManager } from '@dagger/tasks';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { taskInvariants } from '../src/tasks/index.ts';

let storage: Storage;
let manager: TaskManager;

/** Two tasks that are done, one that is being done, one that waits for it, and one that waits for a decision. */
beforeEach(async () => {
  storage = sqlite(':memory:');
  let begun: (() => void) | undefined;
  const isRunning = new Promise<void>((resolve) => (begun = resolve));
  manager = await TaskManager.open({
    storage,
    drainSeconds: 0,
    heartbeatThread: false,
    agents: [
      { name: 'work', execute: () => ({ done: true }) },
      {
        name: 'endless',
        execute: () => {
          begun?.();
          return new Promise(() => {});
        },
      },
    ],
  });
  const job = await manager.startJob({
    id: 'j',
    tasks: [
      { key: 'a', agent: 'work' },
      { key: 'b', agent: 'work', needs: ['a'] },
      { key: 'c', agent: 'endless', needs: ['b'] },
      { key: 'd', agent: 'work', needs: ['c', 'e'] },
      { key: 'e', agent: 'work', review: 'person', needs: ['a'] },
    ],
  });
  await isRunning;
  for await (const event of job.events) if (event.type === 'TaskInReview') break;
});

afterEach(async () => {
  await manager.close();
  await storage.close();
});

const tamper = (statement: string): Promise<unknown> => sql.raw(statement).execute(storage.db);

it('nothing is wrong with a job in the middle of its work', async () => {
  expect(await taskInvariants(storage)).toEqual([]);
});

it.each([
  ['a number of a job', `update dagger_jobs set movable = 7`, "job 'j': movable is 7"],
  [
    'a gap in a history',
    `delete from dagger_job_log where seq = 1`,
    "job 'j': its history has the rows 2",
  ],
  [
    'a job that nobody saw come to rest',
    `update dagger_tasks set state = 'blocked', worker = null where id = 'j/c'`,
    "task 'j/c' (blocked): its reason is 'delayed'",
  ],
  [
    'a completion that is told twice',
    `insert into dagger_job_log select job_id, 99, at, body from dagger_job_log where body like '%TaskCompleted%' limit 1`,
    "task 'j/a' is completed, and TaskCompleted is told 2 times",
  ],
  [
    'a task that waits for one that has ended',
    `update dagger_tasks set state = 'completed', output = '{}', worker = null, finished_at = 1 where id = 'j/c'`,
    "task 'j/d' (pending): it waits for 2 tasks, and 1 have not ended",
  ],
  [
    'a dependency that is not there',
    `update dagger_task_edges set needs = 'j/x' where needs = 'j/c'`,
    "'j/d' needs 'j/x', and 'j/x' is not in job 'j'",
  ],
  [
    'a cycle',
    `insert into dagger_task_edges (needs, task_id, job_id, on_failure) values ('j/d', 'j/c', 'j', 'fail')`,
    'tasks need each other: j/c → j/d → j/c',
  ],
  [
    'a task in progress without a worker',
    `update dagger_tasks set worker = null where id = 'j/c'`,
    "task 'j/c' (in_progress): its worker is nobody",
  ],
  [
    'a task that succeeded without an output',
    `update dagger_tasks set output = null where id = 'j/b'`,
    "task 'j/b' (completed): it has no output",
  ],
  [
    'a job that is over and not finished',
    `update dagger_jobs set status = 'succeeded', finished_at = 1`,
    "job 'j': is succeeded, and 3 tasks are unfinished",
  ],
])('%s is found', async (_, statement, message) => {
  await tamper(statement);
  expect(await taskInvariants(storage)).toContainEqual(expect.stringContaining(message));
});
