import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobResult } from '@dagger/tasks';
import { describe, expect, it } from 'vitest';
import { alone, dagger, folder, shared, start, type Ended } from './command.ts';
import { STORAGES } from './storages.ts';

/**
 * `hold` ends when the file `go` is there, and asks for it every few milliseconds; `fail` always fails. `pair` needs two
 * others.
 */
const AGENTS = `
import { existsSync } from 'node:fs';
interface Context {
  readonly input: { readonly n: number };
  readonly signal: AbortSignal;
  require(specs: readonly object[]): Promise<readonly { readonly n: number }[]>;
}
export const double = { name: 'double', execute({ input }: Context) { return { n: input.n * 2 }; } };
export const others = [
  {
    name: 'pair',
    async execute(ctx: Context) {
      const [a, b] = await ctx.require([1, 2].map((n) => ({ key: String(n), agent: 'double', input: { n } })));
      return { n: (a?.n ?? 0) + (b?.n ?? 0) };
    },
  },
  {
    name: 'listen',
    async execute({ signal }: Context) {
      console.log('listening now');
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
  },
  { name: 'fail', execute() { throw new Error('it broke'); } },
  {
    name: 'hold',
    async execute() {
      console.log('holding now');
      while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 5));
      return { held: true };
    },
  },
];
`;

const PAIR = `
# JSON with comments and without quotes
id: pair
tasks:
  - { key: sum, agent: pair }
  - { key: more, agent: double, input: { n: 21 }, needs: [sum] }
`;

const setup = (files: Readonly<Record<string, string>> = {}): string =>
  folder({ 'agents.ts': AGENTS, 'pair.yaml': PAIR, ...files });

/** A folder, and a worker in it that shares its process with others. */
const setupWorker = (files: Readonly<Record<string, string>>) => {
  const cwd = setup(files);
  const work = (...args: readonly string[]): Promise<Ended> =>
    shared(cwd, [...WORKER, '--storage', 'tasks.db', ...args]);
  return { cwd, work };
};

const WORKER = ['worker', '--agents', 'agents.ts'] as const;

describe('dagger worker --job', () => {
  it('starts the job of a file, works until it is over, and gives what became of it', async () => {
    const cwd = setup();
    const args = [...WORKER, '--job', 'pair.yaml', '--storage', 'tasks.db'];
    const first = await dagger(cwd, [...args, '--json']);
    expect(JSON.parse(first.stdout) as JobResult).toMatchObject({
      jobId: 'pair',
      status: 'succeeded',
      outputs: { sum: { n: 6 }, more: { n: 42 } },
    });
    expect(first.stderr).toMatch(/^‖ pair\/sum waits for pair\/sum\/1, pair\/sum\/2$/m);
    expect(first.stderr).toMatch(/^✔ pair\/more \d+ ms$/m);
    expect(first.stderr).toMatch(/^■ job pair succeeded$/m);
    expect(first.code).toBe(0);
    const second = await dagger(cwd, args);
    expect(second.stderr).toBe('job pair was there already: going on with it\n');
    expect(second.stdout).toBe('sum: {"n":6}\nmore: {"n":42}\njob pair succeeded (4/4 tasks)\n');
    expect(second.code).toBe(0);
  });

  it('ends with 1 when the job failed', async () => {
    const { work } = setupWorker({
      'job.json': '{ "id": "bad", "tasks": [{ "key": "it", "agent": "fail", "maxRetries": 0 }] }',
    });
    const { code, stdout } = await work('--job', 'job.json');
    expect(stdout).toContain('job bad failed (1/1 tasks, 1 failed)\nAGENT_FAILED: it broke\n');
    expect(code).toBe(1);
  });

  it('ends with 3 when the job waits for a person, and --until-idle with 0 once it does not', async () => {
    const { cwd, work } = setupWorker({
      'job.yaml': 'id: asks\ntasks: [{ key: it, agent: double, input: { n: 1 }, review: person }]',
    });
    const asked = await work('--job', 'job.yaml');
    expect(asked.stdout).toContain('job asks running (waiting) (0/1 tasks)\nasks/it: its output');
    expect(asked.stdout).toContain('\n  dagger tasks accept asks/it --storage tasks.db\n');
    expect(asked.code).toBe(3);
    const idle = await work('--until-idle', '--json');
    expect(JSON.parse(idle.stdout)).toMatchObject({ unfinishedJobs: 1, waitingJobs: 1 });
    expect(idle.code).toBe(3);
    await shared(cwd, ['tasks', 'accept', 'asks/it', '--storage', 'tasks.db']);
    const done = await work('--until-idle');
    expect(done).toMatchObject({ code: 0, stdout: 'all jobs are over\n' });
  });

  it('ends with 1, and not with the 0 of an agent that ends the process', async () => {
    const cwd = setup({
      'agents.js': `export const quit = { name: 'quit', execute() { process.exit(0); } };`,
      'job.yaml': 'tasks: [{ agent: quit }]',
    });
    const args = ['worker', '-a', 'agents.js', '--job', 'job.yaml', '-s', 'tasks.db'];
    const { code, stderr } = await alone(cwd, args);
    expect(stderr).toContain('the process was ended before the worker was done');
    expect(code).toBe(1);
  });

  it('ends with 130 when somebody cancels the job', async () => {
    const cwd = setup({ 'job.yaml': 'id: long\ntasks: [{ key: it, agent: listen }]' });
    const worker = start(cwd, [...WORKER, '--job', 'job.yaml', '--storage', 'tasks.db', '--json']);
    await worker.printed('listening now');
    await shared(cwd, ['tasks', 'cancel', 'long', '--storage', 'tasks.db']);
    const { code, stdout } = await worker.ended;
    expect(JSON.parse(stdout)).toMatchObject({ status: 'cancelled' });
    expect(code).toBe(130);
  });
});

describe('a signal', () => {
  const HOLD =
    'id: held\ntasks: [{ key: it, agent: hold }, { key: next, agent: double, input: { n: 1 }, needs: [it] }]';
  const ARGS = [...WORKER, '--job', 'hold.yaml', '--storage', 'tasks.db', '--drain', '600'];

  it('has a worker finish what runs and take nothing more; it ends with 130', async () => {
    const cwd = setup({ 'hold.yaml': HOLD });
    const worker = start(cwd, ARGS);
    await worker.printed('holding now');
    worker.process.kill('SIGTERM');
    await worker.printed('SIGTERM: taking no more tasks');
    writeFileSync(join(cwd, 'go'), '');
    const { code, stdout } = await worker.ended;
    expect(code).toBe(130);
    expect(stdout).toContain('job held running (1/2 tasks)');
    const next = await shared(cwd, ['tasks', 'why', 'held/next', '--storage', 'tasks.db']);
    expect(next.stdout).toBe("held/next is ready: no living worker runs the agent 'double'\n");
  });

  it('that comes twice ends it at once, and others are told that it is gone', async () => {
    const cwd = setup({ 'hold.yaml': HOLD });
    const worker = start(cwd, ARGS);
    await worker.printed('holding now');
    worker.process.kill('SIGINT');
    await worker.printed('SIGINT: taking no more tasks');
    worker.process.kill('SIGINT');
    const { code, stderr } = await worker.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('SIGINT: not waiting any longer');
    const { stdout } = await shared(cwd, ['tasks', 'why', 'held/it', '--storage', 'tasks.db']);
    expect(stdout).toMatch(/^held\/it is in progress: its worker \(process \d+ on .*\) is gone/);
  });
});

it.for(STORAGES)(
  'a worker that is killed in the middle is told of by why, and another one finishes its work, on $name',
  { timeout: 120_000 },
  async ({ missing, place }, { skip }) => {
    skip(missing);
    const cwd = setup({
      'hold.yaml':
        'id: held\ntasks: [{ key: it, agent: hold }, { key: once, agent: hold, onCrash: block }]',
    });
    const url = place(cwd);
    const worker = start(cwd, [...WORKER, '--job', 'hold.yaml', '--storage', url]);
    await worker.printed('holding now');
    const why = async (id: string): Promise<string> =>
      (await shared(cwd, ['tasks', 'why', id, '--storage', url])).stdout;
    expect(await why('held/it')).toContain(`it has been running on process ${worker.process.pid}`);
    worker.process.kill('SIGKILL');
    await worker.ended;
    expect(await why('held/it')).toContain(`(process ${worker.process.pid} on `);
    expect(await why('held/it')).toContain('is gone; another one takes it over');

    writeFileSync(join(cwd, 'go'), '');
    const next = await dagger(cwd, [...WORKER, '--until-idle', '--storage', url]);
    expect(next.stderr).toMatch(/^✖ held\/it lost its worker, .*: now ready$/m);
    expect(next.stderr).toMatch(/^✔ held\/it/m);
    expect(next.stderr).toMatch(/^✖ held\/once lost its worker, .*: now blocked$/m);
    expect(next.stdout).toContain(
      '1 job is not over, 1 of them waits for people\nheld/once: its worker (process',
    );
    expect(next.stdout).toContain('\n  dagger tasks retry held/once --storage ');
    expect(next.code).toBe(3);
    expect(await why('held/it')).toBe('held/it is completed\n');
  },
);

describe('bad usage of dagger worker ends with 2 and one clear line', () => {
  const agents = ['--agents', 'agents.ts'];
  it.each([
    ['no agents', ['--storage', 'x.db'], 'say what the worker runs: --agents'],
    ['no storage', [...agents, '--job', 'pair.yaml'], 'say where the jobs are'],
    ['no database', [...agents, '--storage', 'x.db'], 'there is no database'],
    ['a module without agents', ['--agents', 'none.ts', '--storage', 'x.db'], 'exports no agent'],
    ['no such file', [...agents, '--job', 'no.yaml', '--storage', 'x.db'], 'there is no such file'],
    ['a file that is no YAML', [...agents, '--job', 'bad.yaml', '--storage', 'x.db'], 'nor YAML'],
    ['a job until idle', [...agents, '--job', 'pair.yaml', '--until-idle'], 'cannot be used with'],
  ] as const)('%s', async (_, args, message) => {
    const cwd = setup({ 'none.ts': 'export const text = 3;', 'bad.yaml': 'tasks: [' });
    const { code, stdout, stderr } = await shared(cwd, ['worker', ...args]);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(existsSync(join(cwd, 'x.db'))).toBe(false);
  });

  it.each([
    ['a key of no job', 'task: []', "JOB_INVALID: the job: unknown key 'task'; did you mean"],
    ['an agent of nobody', 'tasks: [{ agent: doble }]', "did you mean 'double'?"],
    ['a job that is no object', '[1, 2]', 'a job is an object'],
  ] as const)('%s', async (_, job, message) => {
    const { work } = setupWorker({ 'job.yaml': job });
    const { code, stdout, stderr } = await work('--job', 'job.yaml');
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
