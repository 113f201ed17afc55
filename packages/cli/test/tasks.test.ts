import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ActionRegistry, DagExecutor, openStorage } from '@dagger/core';
import type { JobPicture, JobView, TaskView, Why } from '@dagger/tasks';
import { describe, expect, it } from 'vitest';
import { folder, shared, type Ended } from './command.ts';
import { STORAGES } from './storages.ts';
import { goOn, WEEKLY, workOn } from './weekly.ts';

type Tell = (...args: readonly string[]) => Promise<Ended>;

/** A database with the job `weekly`, which waits for a person, and `done`, which succeeded before. */
const setup = async (
  place: (cwd: string) => string = (cwd) => `sqlite:${join(cwd, 'tasks.db')}`,
): Promise<{ readonly cwd: string; readonly url: string; readonly tell: Tell }> => {
  const cwd = folder();
  const url = place(cwd);
  const done = { id: 'done', tasks: [{ key: 'only', agent: 'gather', input: { q: 'it' } }] };
  await workOn(url, done, WEEKLY);
  return { cwd, url, tell: (...args) => shared(cwd, ['tasks', ...args, '--storage', url]) };
};

const json = async <T>(said: Promise<Ended>): Promise<T> => {
  const { code, stdout, stderr } = await said;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
};

describe('dagger tasks', () => {
  it('lists jobs with what is done of them, and those that wait', async () => {
    const { tell } = await setup();
    const { stdout } = await tell('jobs');
    expect(stdout).toMatch(/^weekly +running \(waiting\) +66 % +4\/6, 2 failed .* Weekly \\u/m);
    expect(stdout).toMatch(/^done +succeeded +100 % +1\/1 /m);
    const ids = async (...args: readonly string[]): Promise<readonly string[]> =>
      (await json<JobView[]>(tell('jobs', '--json', ...args))).map(({ id }) => id);
    expect(await ids()).toEqual(['weekly', 'done']);
    expect(await ids('--status', 'succeeded')).toEqual(['done']);
    expect(await ids('--limit', '1')).toEqual(['weekly']);
  });

  it('lists tasks by job, state, agent and type; those of all jobs with the newest first', async () => {
    const { tell } = await setup();
    const keys = async (...args: readonly string[]): Promise<readonly string[]> =>
      (await json<TaskView[]>(tell('list', '--json', ...args))).map(({ key }) => key);
    expect(await keys('--job', 'weekly')).toEqual([
      'objective',
      'bad',
      'after',
      'letter',
      'send',
      'ants',
    ]);
    expect(await keys()).toEqual(['ants', 'send', 'letter', 'after', 'bad', 'objective', 'only']);
    expect(await keys('--state', 'failed', '--state', 'in_review')).toEqual([
      'letter',
      'after',
      'bad',
    ]);
    expect(await keys('--agent', 'research')).toEqual(['objective']);
    expect(await keys('--type', 'subtask')).toEqual(['ants']);
    expect(await keys('--job', 'weekly', '--limit', '2')).toEqual(['objective', 'bad']);
    const { stdout } = await tell('list');
    expect(stdout).toMatch(/^weekly\/bad +fragile +failed +1 .* AGENT_FAILED: it broke "again"/m);
    expect(stdout).toMatch(/^weekly\/letter +gather +in review +1 +a person is to accept/m);
    expect(stdout).not.toContain('\u001b');
  });

  it('shows everything about a task, and of a job its tasks; both with their history', async () => {
    const { tell } = await setup();
    const { stdout } = await tell('show', 'weekly/objective');
    expect(stdout).toMatch(/^Look at insects\nweekly\/objective is completed\nagent research, /);
    expect(stdout).toContain('output {"first":{"data":"about ants"}}');
    expect(stdout).toMatch(/NEEDS\nweekly\/objective\/ants completed\n/);
    expect(stdout).toMatch(/NEEDED BY\nweekly\/letter\n/);
    expect(stdout).toMatch(/PARTS\nweekly\/objective\/ants completed\n/);
    expect(stdout).toMatch(
      /HISTORY\n.* waits for weekly\/objective\/ants\n.*✔ weekly\/objective\n$/,
    );
    expect((await tell('show', 'weekly/letter')).stdout).toContain('ACCEPTED WHEN\n- it is short');
    const task = await json<TaskView & { readonly why: Why; readonly history: unknown[] }>(
      tell('show', 'weekly/bad', '--json'),
    );
    expect(task).toMatchObject({
      state: 'failed',
      why: { reason: { kind: 'failed' } },
      neededBy: ['weekly/after'],
      history: [{ type: 'TaskFailed' }],
    });

    const job = await tell('show', 'weekly');
    expect(job.stdout).toContain('weekly is running (waiting) (4/6 tasks, 2 failed)');
    expect(job.stdout).toMatch(
      /HISTORY\n(?:.*\n)+.*job weekly waits for people: weekly\/letter\n$/,
    );
    expect(await json(tell('show', 'weekly', '--json'))).toMatchObject({
      waiting: true,
      tasks: { length: 6 },
      history: { length: 8 },
    });
  });

  it('says why a task does not move, and what holds it up in the end', async () => {
    const { tell } = await setup();
    expect((await tell('why', 'weekly/send')).stdout).toBe(
      `weekly/send is pending: it waits for 'weekly/letter' (in_review)\n  held up by weekly/letter (in review): its output waits for a person to accept or reject it\n`,
    );
    expect(await json<Why>(tell('why', 'weekly/after', '--json'))).toMatchObject({
      state: 'failed',
      reason: { kind: 'dependency', taskId: 'weekly/bad' },
    });
  });

  it('shows a job as a tree, with what its tasks wait for', async () => {
    const { tell } = await setup();
    const lines = (await tell('tree', 'weekly')).stdout.split('\n');
    expect(lines[0]).toBe('weekly running (waiting) (4/6 tasks, 2 failed)');
    expect(lines[1]).toMatch(/^ {2}objective completed \(research\) "Look at insects" — \{"first"/);
    expect(lines[2]).toBe('    ants completed (gather) — {"data":"about ants"}');
    expect(lines[6]).toBe('  send pending (gather) — waits for letter');
    expect(await json(tell('tree', 'weekly', '--json'))).toMatchObject({
      job: { id: 'weekly' },
      tasks: [{ key: 'objective', children: [{ key: 'ants' }] }, {}, {}, {}, { key: 'send' }],
    });
  });

  it('cancels a task with what needs it, or a job', async () => {
    const { tell } = await setup();
    const { stdout } = await tell('cancel', 'weekly/letter', '--reason', 'too late');
    expect(stdout).toBe(
      'cancelled 1 task:\n  weekly/letter\nweekly/letter is cancelled: it was cancelled: too late\n',
    );
    expect((await tell('why', 'weekly/send')).stdout).toContain('weekly/send is cancelled');
    expect((await tell('cancel', 'done')).stdout).toBe('done is succeeded (1/1 tasks)\n');
  });

  it('rejects for good what is not to be done again', async () => {
    const { tell } = await setup();
    const { stdout } = await tell('reject', 'weekly/letter', '--reason', 'too long', '--final');
    expect(stdout).toBe('weekly/letter is rejected: its output was rejected: too long\n');
    expect((await tell('jobs', '--status', 'failed')).stdout).toContain('weekly');
  });

  it('pauses and resumes a task or a job', async () => {
    const { tell } = await setup();
    const held = await tell('pause', 'weekly/send', '--reason', 'not before Monday');
    expect(held.stdout).toBe('weekly/send is paused: it is paused: not before Monday\n');
    expect((await tell('resume', 'weekly/send')).stdout).toContain('weekly/send is pending: ');
    expect((await tell('pause', 'weekly')).stdout).toContain('weekly is paused (4/6 tasks');
    expect((await tell('why', 'weekly/send')).stdout).toContain('its job is paused');
    expect(await json(tell('resume', 'weekly', '--json'))).toMatchObject({ status: 'running' });
  });

  it('draws a job, or all, in each format', async () => {
    const { cwd, tell } = await setup();
    const draw = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await tell('graph', ...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    expect(await draw('weekly')).toMatch(/^digraph dagger \{\n[\s\S]*waits for 1 task/);
    expect(await draw()).toContain('subgraph cluster_1');
    expect(await draw('weekly', '--format', 'mermaid')).toMatch(
      /^flowchart TB\n[\s\S]* -\.-o n5\n/,
    );
    const [picture] = JSON.parse(await draw('weekly', '--format', 'json')) as JobPicture[];
    expect(picture?.edges).toHaveLength(4);
    expect(await draw('weekly', '--format', 'svg', '--out', 'weekly.svg')).toBe('');
    expect(readFileSync(join(cwd, 'weekly.svg'), 'utf8')).toContain('</svg>');
  });

  it.for(STORAGES)(
    'has people decide: what is mended, sent back and accepted ends well, on $name',
    async ({ missing, place }, { skip }) => {
      skip(missing);
      const { url, tell } = await setup(place);
      const retried = await tell('retry', 'weekly/bad', '--input', '{"mended":true}');
      expect(retried.stdout).toBe(
        "to be done again: 2 tasks:\n  weekly/bad\n  weekly/after\nweekly/bad is ready: no living worker runs the agent 'fragile'\n",
      );
      const sentBack = await tell('reject', 'weekly/letter', '--reason', 'too long', '--by', 'ann');
      expect(sentBack.stdout).toContain('weekly/letter is ready: ');
      await goOn(url, 'weekly');
      expect((await tell('accept', 'weekly/letter', '--json')).code).toBe(0);
      await goOn(url, 'weekly');
      const { stdout } = await tell('show', 'weekly');
      expect(stdout).toContain('weekly is succeeded (6/6 tasks)');
      expect(stdout).toContain('weekly/letter rejected by ann, to be done again: too long');
      const meant = await tell('why', 'weekly/le');
      expect(meant.stderr).toContain("did you mean 'weekly/letter'?");
      expect(meant.code).toBe(2);
    },
  );

  describe('ends with 2 and one clear line', () => {
    it('for ids that are not there, naming the one that was meant', async () => {
      const { tell } = await setup();
      for (const [args, message] of [
        [['show', 'week'], "TASK_UNKNOWN: there is no job or task 'week' in"],
        [['show', 'week'], "did you mean 'weekly'?"],
        [['tree', 'd'], "did you mean 'done'?"],
        [['graph', 'nobody'], "JOB_UNKNOWN: there is no job 'nobody' in"],
        [['list', '--job', 'nobody'], 'JOB_UNKNOWN'],
        [['retry', 'weekly'], "'weekly' is a job, and this command takes a task of it"],
        [['tree', 'weekly/send'], "'weekly/send' is a task; its job is 'weekly'"],
      ] as const) {
        const { code, stdout, stderr } = await tell(...args);
        expect(stderr).toContain(message);
        expect(stderr.trimEnd().split('\n')).toHaveLength(1);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      }
      // Where several begin so, none was clearly meant.
      expect((await tell('why', 'weekly/')).stderr).not.toContain('did you mean');
    });

    it('for what the state of a task does not allow, and for options that are wrong', async () => {
      const { tell } = await setup();
      for (const [args, message] of [
        [['accept', 'weekly/send'], 'TASK_STATE'],
        [['retry', 'weekly/objective'], 'TASK_STATE'],
        [['resume', 'weekly/send'], 'TASK_STATE'],
        [['pause', 'done'], 'JOB_FINISHED'],
        [['retry', 'weekly/bad', '--input', '{'], '--input is not JSON'],
        [['reject', 'weekly/letter'], "required option '--reason <text>'"],
        [['list', '--state', 'sleeping'], 'Allowed choices are pending'],
        [['graph', 'weekly', '--out', 'no/such/place.dot'], 'cannot write'],
      ] as const) {
        const { code, stdout, stderr } = await tell(...args);
        expect(stderr).toContain(message);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      }
    });

    it.for(STORAGES)(
      'for storage without jobs, and makes none there, on $name',
      async ({ missing, place }, { skip }) => {
        skip(missing);
        const cwd = folder();
        const url = place(cwd);
        const storage = await openStorage(url);
        // A database of runs has the tables of runs.
        await using executor = await DagExecutor.open({ registry: new ActionRegistry(), storage });
        expect(await executor.listRuns()).toEqual([]);
        const tables = async (): Promise<readonly string[]> =>
          (await storage.db.introspection.getTables())
            // On a server, others have tables too, in schemas of their own.
            .filter(({ schema }) => schema === undefined || url.endsWith(schema))
            .map(({ name }) => name);
        const before = await tables();
        expect(before).toContain('dagger_runs');
        for (const args of [
          ['tasks', 'jobs'],
          ['tasks', 'cancel', 'x'],
        ]) {
          const { code, stdout, stderr } = await shared(cwd, [...args, '--storage', url]);
          expect(stderr).toContain('or no job was started on it yet: it has no table of jobs');
          expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
        }
        expect(await tables()).toEqual(before);
      },
    );

    it('for storage that is not there, or not named', async () => {
      const cwd = folder();
      const nowhere = await shared(cwd, ['tasks', 'jobs', '--storage', 'no.db']);
      expect(nowhere.stderr).toContain('there is no database');
      const unnamed = await shared(cwd, ['tasks', 'jobs']);
      expect(unnamed.stderr).toContain('say where the jobs are kept: --storage sqlite:tasks.db');
      expect([nowhere.code, unnamed.code]).toEqual([2, 2]);
    });
  });

  it('teaches with an example on every level', async () => {
    const cwd = folder();
    for (const command of [
      ['worker'],
      ['tasks'],
      ...['jobs', 'list', 'show', 'why', 'tree', 'retry', 'cancel', 'accept', 'reject'].map(
        (name) => ['tasks', name],
      ),
      ...['pause', 'resume', 'graph'].map((name) => ['tasks', name]),
    ]) {
      const { code, stdout } = await shared(cwd, [...command, '--help']);
      expect(stdout).toContain('Example:');
      expect(stdout).toContain(`dagger ${command.join(' ')}`);
      expect(code).toBe(0);
    }
    expect((await shared(cwd, ['--help'])).stdout).toContain('dagger tasks why TASK-ID');
  });
});
