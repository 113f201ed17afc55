import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { PendingInput, RunReportData } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { dagger, folder, start, type Ended } from './command.ts';
import { POSTGRES } from './storages.ts';

/** `review` asks; `other` does not depend on it. */
const RELEASE = `
name: release
nodes:
  - { id: build, action: step }
  - id: review
    action: human_interrupt
    dependencies: [build]
    inputs:
      - { name: prompt, value: Ship it? }
      - { name: version, value: 7 }
  - { id: ship, action: step, dependencies: [review] }
  - { id: other, action: step }
`;

const TWO = `
name: two
nodes:
  - { id: left, action: human_interrupt, inputs: [{ name: prompt, value: Left? }] }
  - { id: right, action: human_interrupt, inputs: [{ name: prompt, value: Right? }] }
  - { id: after-left, action: step, dependencies: [left] }
  - { id: after-right, action: step, dependencies: [right] }
`;

/** `hold` goes on once the file `go` is there: then what is paused meanwhile has not started. */
const BRANCHES = `
name: branches
nodes:
  - { id: gate, action: hold }
  - { id: deploy, action: step, dependencies: [gate] }
  - { id: smoke, action: step, dependencies: [deploy] }
  - { id: docs, action: step, dependencies: [gate] }
`;

/** Each step leaves a line in the file `log`. */
const ACTIONS = `
import { appendFileSync, existsSync } from 'node:fs';
export const step = { name: 'step', execute({ nodeId }) { appendFileSync('log', nodeId + '\\n'); } };
export const hold = {
  name: 'hold',
  execute({ signal }) {
    console.error('holding');
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => { if (existsSync('go')) { clearInterval(timer); resolve({}); } }, 20);
      signal.addEventListener('abort', () => { clearInterval(timer); reject(signal.reason); });
    });
  },
};
`;

const setup = (): string =>
  folder({
    'release.yaml': RELEASE,
    'patient.yaml': RELEASE.replace('nodes:', 'config: { human_wait_minutes: 60 }\nnodes:'),
    'two.yaml': TWO,
    'branches.yaml': BRANCHES,
    'actions.mjs': ACTIONS,
  });

const write = (cwd: string, name: string, text = ''): void => writeFileSync(join(cwd, name), text);

const STORED = ['--storage', 'runs.db'] as const;
const WORK = ['--actions', 'actions.mjs', ...STORED] as const;
const RUN = ['--run-id', 'r', ...WORK] as const;

const log = (cwd: string): readonly string[] =>
  existsSync(join(cwd, 'log'))
    ? readFileSync(join(cwd, 'log'), 'utf8').trimEnd().split('\n').toSorted()
    : [];

const show = async (
  cwd: string,
): Promise<RunReportData & { readonly pendingInputs: readonly PendingInput[] }> =>
  JSON.parse((await dagger(cwd, ['runs', 'show', 'r', ...STORED, '--json'])).stdout) as never;

const pausedRun = async (cwd: string, file = 'release.yaml'): Promise<Ended> => {
  const ended = await dagger(cwd, ['run', file, ...RUN]);
  expect(ended).toMatchObject({ code: 3 });
  return ended;
};

describe('a run that waits for a person', () => {
  it('ends with 3, says what answers it, and goes on with the answer of another process', async () => {
    const cwd = setup();
    const paused = await pausedRun(cwd);
    expect(paused.stderr).toContain('? review waits: Ship it?');
    expect(paused.stdout).toContain('waiting at review: Ship it? (without end)');
    expect(paused.stdout).toContain('dagger approve r review --storage runs.db');
    expect(paused.stdout).toContain('dagger resume r --storage runs.db --actions actions.mjs');
    expect((await dagger(cwd, ['runs', 'list', ...STORED])).stdout).toContain('paused (1 waiting)');

    const shown = await dagger(cwd, ['runs', 'show', 'r', ...STORED]);
    expect(shown.stdout).toContain('details {"version":7}');

    const approved = await dagger(cwd, ['approve', 'r', 'review', ...STORED, '--data', '{"a":1}']);
    expect(approved).toMatchObject({ code: 0, stderr: '' });
    expect(approved.stdout).toContain('stored; nobody works on the run');
    expect(approved.stdout).toContain('dagger resume r --storage runs.db');
    const before = await dagger(cwd, ['runs', 'show', 'r', ...STORED]);
    expect(before.stdout).toMatch(
      /NOT TAKEN UP YET\napprove review \{"a":1\} by .+ \(stored 2.+Z, not taken up yet\)/,
    );

    expect(await dagger(cwd, ['resume', 'r', ...WORK])).toMatchObject({ code: 0 });
    const report = await show(cwd);
    expect(report.nodes['review']?.outputs).toMatchObject({
      decision: 'approve',
      data: { a: 1 },
      by: userInfo().username,
    });
    expect(report.pendingInputs).toEqual([]);
    expect(log(cwd)).toEqual(['build', 'other', 'ship']);
  });

  it('takes an answer that was stored before it asked', async () => {
    const cwd = setup();
    const held = RELEASE.replace('id: build, action: step', 'id: build, action: hold');
    write(cwd, 'held.yaml', held);
    const run = start(cwd, ['run', 'held.yaml', ...RUN]);
    await run.printed('holding');
    const answered = await dagger(cwd, [
      'answer',
      'r',
      'review',
      'tomorrow',
      ...STORED,
      '--by',
      'ann',
    ]);
    expect(answered.stdout).toContain('taken up by the process that works on the run');
    expect((await show(cwd)).pendingInputs).toMatchObject([
      { command: { nodeId: 'review', data: 'tomorrow' }, sentAt: null },
    ]);
    write(cwd, 'go');
    expect(await run.ended).toMatchObject({ code: 0 });
    expect((await show(cwd)).nodes['review']?.outputs).toMatchObject({
      decision: 'answer',
      data: 'tomorrow',
      by: 'ann',
    });
  });

  it('goes on with a shared value that it waits for', async () => {
    const cwd = setup();
    await pausedRun(cwd);
    const set = ['set', 'r', 'global', 'pending_instructions', '{"ship":true}', ...STORED];
    const told = await dagger(cwd, set);
    expect(told).toMatchObject({ code: 0 });
    expect(told.stdout).toContain("set global.pending_instructions of run 'r': stored");
    expect(await dagger(cwd, ['resume', 'r', ...WORK])).toMatchObject({ code: 0 });
    expect((await show(cwd)).nodes['review']?.outputs).toMatchObject({ data: { ship: true } });
  });

  it('keeps an instruction for a planner until the run goes on', async () => {
    const cwd = setup();
    await pausedRun(cwd);
    const value = { action: 'retrieve_info', params: { topic: 'prices' }, priority: 5 };
    const args = ['instruct', 'r', JSON.stringify(value), '--key', 'k', ...STORED, '--json'];
    expect(JSON.parse((await dagger(cwd, args)).stdout)).toMatchObject({ delivery: 'stored' });
    expect((await show(cwd)).pendingInputs).toMatchObject([
      { command: { type: 'UpdateCache', namespace: 'instructions', key: 'k', value } },
    ]);
  });

  it('fails by a rejection, with 1, and the other branch is done', async () => {
    const cwd = setup();
    await pausedRun(cwd);
    const no = ['reject', 'r', 'review', ...STORED, '--reason', 'not today', '--by', 'bob'];
    expect(await dagger(cwd, no)).toMatchObject({ code: 0 });
    const resumed = await dagger(cwd, ['resume', 'r', ...WORK]);
    expect(resumed.code).toBe(1);
    expect(resumed.stdout).toContain('REJECTED: rejected by bob: not today');
    expect(log(cwd)).toEqual(['build', 'other']);
    const late = await dagger(cwd, ['approve', 'r', 'review', ...STORED]);
    expect(late).toMatchObject({ code: 2, stdout: '' });
    expect(late.stderr).toContain("run 'r' has ended (failed); resume it first");
  });

  it('hears an answer while its process waits, within a moment', async () => {
    const cwd = setup();
    const run = start(cwd, ['run', 'patient.yaml', ...RUN]);
    await run.printed('? review waits: Ship it?');
    await run.printed('\n  dagger approve r review --storage runs.db\n');
    const approved = await dagger(cwd, ['approve', 'r', 'review', ...STORED, '--json']);
    expect(JSON.parse(approved.stdout)).toMatchObject({ runId: 'r', delivery: 'applied' });
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(log(cwd)).toEqual(['build', 'other', 'ship']);
  });

  it('is finished elsewhere from a copy of its database, when its process was killed', async () => {
    const cwd = setup();
    const run = start(cwd, ['run', 'patient.yaml', ...RUN]);
    await run.printed('? review waits: Ship it?');
    run.process.kill('SIGKILL');
    expect((await run.ended).code).toBeNull();
    const elsewhere = setup();
    for (const name of ['runs.db', 'runs.db-wal', 'runs.db-shm'])
      copyFileSync(join(cwd, name), join(elsewhere, name));
    expect((await show(elsewhere)).waiting).toMatchObject([{ nodeId: 'review', expired: false }]);
    const approved = await dagger(elsewhere, ['approve', 'r', 'review', ...STORED]);
    expect(approved.stdout).toContain('stored; nobody works on the run');
    expect(await dagger(elsewhere, ['resume', 'r', ...WORK])).toMatchObject({ code: 0 });
    expect(log(elsewhere)).toEqual(['ship']);
    // The copy is a run of its own: the first still waits.
    expect((await show(cwd)).waiting).toMatchObject([{ nodeId: 'review' }]);
  });

  it.skipIf(POSTGRES.missing)(
    `is approved and finished after its process was killed, on ${POSTGRES.name}`,
    async () => {
      const cwd = setup();
      const env = { DAGGER_STORAGE: POSTGRES.place(cwd) };
      const work = ['--actions', 'actions.mjs'];
      const run = start(cwd, ['run', 'patient.yaml', '--run-id', 'r', ...work], env);
      await run.printed('? review waits: Ship it?');
      run.process.kill('SIGKILL');
      expect((await run.ended).code).toBeNull();
      const approved = await dagger(cwd, ['approve', 'r', 'review'], env);
      expect(approved.stdout).toContain('stored; nobody works on the run');
      expect(await dagger(cwd, ['resume', 'r', ...work], env)).toMatchObject({ code: 0 });
      expect(log(cwd)).toEqual(['build', 'other', 'ship']);
    },
  );

  it.skipIf(POSTGRES.missing)(
    `hears an answer while its process waits, on ${POSTGRES.name}`,
    async () => {
      const cwd = setup();
      const env = { DAGGER_STORAGE: POSTGRES.place(cwd) };
      const args = ['run', 'patient.yaml', '--run-id', 'r', '--actions', 'actions.mjs'];
      const run = start(cwd, args, env);
      await run.printed('? review waits: Ship it?');
      const approved = await dagger(cwd, ['approve', 'r', 'review', '--json'], env);
      expect(JSON.parse(approved.stdout)).toMatchObject({ delivery: 'applied' });
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(log(cwd)).toEqual(['build', 'other', 'ship']);
    },
  );

  it('addresses each of two questions by itself', async () => {
    const cwd = setup();
    const paused = await pausedRun(cwd, 'two.yaml');
    expect(paused.stdout).toContain('dagger approve r left --storage runs.db');
    expect(paused.stdout).toContain('dagger approve r right --storage runs.db');
    await dagger(cwd, ['approve', 'r', 'right', ...STORED]);
    const again = await dagger(cwd, ['resume', 'r', ...WORK]);
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('waiting at left: Left? (without end)');
    expect(log(cwd)).toEqual(['after-right']);
    expect((await show(cwd)).waiting).toMatchObject([{ nodeId: 'left' }]);
    await dagger(cwd, ['answer', 'r', 'left', '{"x":[1]}', ...STORED]);
    expect((await dagger(cwd, ['resume', 'r', ...WORK])).code).toBe(0);
    expect((await show(cwd)).nodes['left']?.outputs).toMatchObject({ data: { x: [1] } });
    expect(log(cwd)).toEqual(['after-left', 'after-right']);
  });
});

describe('a live run, from another process', () => {
  it('has a branch paused, which outlives the session, and resumed [P39]', async () => {
    const cwd = setup();
    const run = start(cwd, ['run', 'branches.yaml', ...RUN]);
    await run.printed('holding');
    const paused = await dagger(cwd, ['pause', 'r', 'deploy', ...STORED, '--reason', 'it is full']);
    expect(paused.stdout).toContain('taken up by the process');
    write(cwd, 'go');
    const ended = await run.ended;
    expect(ended.code).toBe(3);
    expect(ended.stdout).toContain('paused at deploy: it is full');
    expect(log(cwd)).toEqual(['docs']);
    const alone = await dagger(cwd, ['resume', 'r', '--branch', 'deploy', ...STORED]);
    expect(alone).toMatchObject({ code: 0 });
    expect(alone.stdout).toContain('stored; nobody works on the run');
    expect(log(cwd)).toEqual(['docs']);
    const twice = await dagger(cwd, ['resume', 'r', '--branch', 'deploy', ...WORK]);
    expect(twice.stderr).toContain("branch 'deploy' is not paused");
    expect(twice.code).toBe(2);
    expect(await dagger(cwd, ['resume', 'r', ...WORK])).toMatchObject({ code: 0 });
    expect(log(cwd)).toEqual(['deploy', 'docs', 'smoke']);
  });

  it('has a paused branch resumed while it is under way', async () => {
    const cwd = setup();
    const run = start(cwd, ['run', 'branches.yaml', ...RUN]);
    await run.printed('holding');
    await dagger(cwd, ['pause', 'r', 'deploy', ...STORED]);
    const resumed = await dagger(cwd, ['resume', 'r', '--branch', 'deploy', ...WORK]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stdout).toContain('taken up by the process');
    write(cwd, 'go');
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(log(cwd)).toEqual(['deploy', 'docs', 'smoke']);
  });

  it('has a branch cancelled, and the rest is done', async () => {
    const cwd = setup();
    const run = start(cwd, ['run', 'branches.yaml', ...RUN]);
    await run.printed('holding');
    expect(await dagger(cwd, ['cancel', 'r', 'deploy', ...STORED])).toMatchObject({ code: 0 });
    write(cwd, 'go');
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(log(cwd)).toEqual(['docs']);
  });

  it('pauses as a whole, and goes on [P41]', async () => {
    const cwd = setup();
    const run = start(cwd, ['run', 'branches.yaml', ...RUN]);
    await run.printed('holding');
    expect(await dagger(cwd, ['pause', 'r', ...STORED])).toMatchObject({ code: 0 });
    write(cwd, 'go');
    expect(await run.ended).toMatchObject({ code: 3 });
    expect(log(cwd)).toEqual([]);
    expect((await dagger(cwd, ['pause', 'r', ...STORED])).stdout).toContain('done');
    expect(await dagger(cwd, ['resume', 'r', ...WORK])).toMatchObject({ code: 0 });
    expect(log(cwd)).toEqual(['deploy', 'docs', 'smoke']);
  });

  it('is cancelled, and ends there with 130', async () => {
    const cwd = setup();
    const run = start(cwd, ['run', 'branches.yaml', ...RUN]);
    await run.printed('holding');
    const cancelled = await dagger(cwd, ['cancel', 'r', ...STORED, '--reason', 'wrong version']);
    expect(cancelled).toMatchObject({ code: 0 });
    const ended = await run.ended;
    expect(ended.code).toBe(130);
    expect(ended.stdout).toContain('wrong version');
    expect((await show(cwd)).status).toBe('cancelled');
  });

  it('is cancelled at once when nobody works on it', async () => {
    const cwd = setup();
    await pausedRun(cwd);
    const cancelled = await dagger(cwd, ['cancel', 'r', ...STORED]);
    expect(cancelled).toMatchObject({ code: 0 });
    expect(cancelled.stdout).toContain("cancel run 'r': done");
    expect((await show(cwd)).nodes['review']?.status).toBe('cancelled');
  });
});

describe('the help of each command', () => {
  it.each(['approve', 'reject', 'answer', 'pause', 'cancel'])(
    '%s teaches with an example',
    async (command) => {
      const { code, stdout } = await dagger(folder(), [command, '--help']);
      expect(stdout).toContain(`Example:\n  dagger ${command} nightly-2025-01-31`);
      expect(code).toBe(0);
    },
  );
});

describe('what cannot be done', () => {
  it('is told with 2 and one clear line', async () => {
    const cwd = setup();
    await pausedRun(cwd);
    for (const [args, message] of [
      [['approve', 'nobody', 'review'], "RUN_UNKNOWN: there is no run 'nobody'"],
      [['approve', 'r', 'revue'], "there is no node 'revue'"],
      [['approve', 'r', 'build'], "node 'build' is succeeded already"],
      [['approve', 'r', 'review', '--data', '{x'], '--data is not JSON'],
      [['answer', 'r', 'review'], "missing required argument 'answer'"],
      [['pause', 'r', 'revue'], "there is no node 'revue'"],
      [['resume', 'r', '--branch', 'ship'], "branch 'ship' is not paused"],
    ] as const) {
      const ended = await dagger(cwd, [...args, ...STORED]);
      expect(ended.stderr).toContain(message);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
    }
    expect((await show(cwd)).pendingInputs).toEqual([]);
  });
});
