import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ActionRegistry, type DagExecutor } from '@dagger/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openExecutor } from '../src/storage.ts';
import { folder } from './command.ts';
import type { Raced } from './racer.ts';
import { STORAGES, type Storage } from './storages.ts';

const ROUNDS = 15;
const RACER = fileURLToPath(new URL('racer.ts', import.meta.url));

/** Counts its calls in a file; where the run says so, it does not end before there is a file with the name of the run. */
const ACTIONS = `
import { appendFileSync, existsSync } from 'node:fs';
const beside = (name) => new URL(name, import.meta.url);
export const step = {
  name: 'step',
  async execute({ runId, inputs }) {
    appendFileSync(beside('log'), runId + '\\n');
    while (inputs.hold && !existsSync(beside(runId))) await new Promise((r) => setTimeout(r, 1));
  },
};
`;

const graph = (hold: boolean) => ({
  name: 'race',
  nodes: [
    { id: 'review', action: 'human_interrupt' },
    {
      id: 'work',
      action: 'step',
      dependencies: ['review'],
      inputs: [{ name: 'hold', value: hold }],
    },
  ],
});

const racer = async (): Promise<ChildProcess> => {
  const child = fork(RACER, {
    execArgv: ['-C', '@dagger/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
};

let racers: readonly ChildProcess[] = [];
beforeAll(async () => {
  racers = await Promise.all([racer(), racer()]);
});
afterAll(() => {
  for (const child of racers) child.kill('SIGKILL');
});

const answerOf = async (child: ChildProcess): Promise<Raced> => {
  const [raced] = (await once(child, 'message')) as [Raced];
  return raced;
};

const count = (cwd: string, runId: string): number =>
  readFileSync(join(cwd, 'log'), 'utf8')
    .split('\n')
    .filter((line) => line === runId).length;

const setup = async ({ place }: Storage) => {
  const cwd = folder({ 'actions.mjs': ACTIONS });
  const storage = place(cwd);
  const registry = new ActionRegistry();
  registry.registerFn('step', () => ({}));
  const executor: DagExecutor = await openExecutor(storage, { registry });
  onTestFinished(() => executor.close());
  const race = (runId: string): readonly [Promise<Raced>, Promise<Raced>] => {
    const args = ['resume', runId, '--storage', storage, '--actions', join(cwd, 'actions.mjs')];
    const answers = racers.map(answerOf);
    for (const child of racers) child.send({ args });
    return answers as unknown as readonly [Promise<Raced>, Promise<Raced>];
  };
  const release = (runId: string): void => writeFileSync(join(cwd, runId), '');
  /** A run that waits for nothing but to be resumed. */
  const prepared = async (hold: boolean): Promise<string> => {
    const runId = randomUUID();
    executor.add(graph(hold), { replace: true });
    await executor.run('race', { runId });
    await executor.approve(runId, 'review');
    return runId;
  };
  return { cwd, executor, race, release, prepared };
};

describe.each(STORAGES)('two processes that resume one run on $name', (on) => {
  it.skipIf(on.missing)(
    `leave it to one of them, ${ROUNDS} times; the other is told who has it [P53]`,
    { timeout: 120_000 },
    async () => {
      const { cwd, executor, race, release, prepared } = await setup(on);
      for (let round = 0; round < ROUNDS; round++) {
        const runId = await prepared(true);
        const answers = race(runId);
        // The owner holds the run until the other one is through.
        const refused = await Promise.race(answers);
        expect(refused.stderr).toContain(`RUN_OWNED: run '${runId}' is being worked on by process`);
        expect(refused.stderr).toContain(hostname());
        expect(refused.code).toBe(1);
        release(runId);
        const codes = (await Promise.all(answers)).map(({ code }) => code);
        expect(new Set(codes)).toEqual(new Set([0, 1]));
        expect(count(cwd, runId), 'the action ran').toBe(1);
        expect((await executor.report(runId)).status).toBe('succeeded');
      }
    },
  );

  it.skipIf(on.missing)(
    `do the work once, ${ROUNDS} times, when the first may be done before the other asks`,
    { timeout: 120_000 },
    async () => {
      const { cwd, executor, race, prepared } = await setup(on);
      for (let round = 0; round < ROUNDS; round++) {
        const runId = await prepared(false);
        const ended = await Promise.all(race(runId));
        const others = ended.filter(({ code }) => code !== 0);
        const said = others.map(({ stderr }) => stderr).join('');
        expect(others.length, `refused: ${said}`).toBeLessThan(2);
        for (const { stderr } of others) expect(stderr).toContain('RUN_OWNED');
        expect(count(cwd, runId), 'the action ran').toBe(1);
        const report = await executor.report(runId);
        expect(report).toMatchObject({ status: 'succeeded', metrics: { attempts: 2 } });
      }
    },
  );
});
