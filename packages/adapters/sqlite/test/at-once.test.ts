import {
  ActionRegistry,
  DagExecutor,
  defineAction,
  waitForInput,
  type EventHook,
  type NodeDefinition,
  type Storage,
} from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { interposed } from './interposed.ts';
import { file } from './place.ts';

const ask = defineAction({
  name: 'ask',
  execute: ({ answer }) => answer ?? waitForInput({ prompt: 'Go on?' }),
});
const nothing = defineAction({ name: 'nothing', execute: () => ({ done: true }) });

const open = async (
  storage: Storage | undefined,
  nodes: readonly NodeDefinition[],
  actions: readonly ReturnType<typeof defineAction>[] = [],
): Promise<DagExecutor> => {
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([ask, nothing, ...actions] as never),
    ...(storage === undefined ? {} : { storage }),
    config: { maxAttempts: 1 },
  });
  onTestFinished(() => executor.close().catch(() => {}));
  executor.add({ name: 'g', nodes });
  return executor;
};

/** Whether a promise settles while everything else gets its turns. */
const settles = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  for (let i = 0; i < 200 && !settled; i++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
};

const review: readonly NodeDefinition[] = [
  { id: 'review', action: 'ask' },
  { id: 'ship', action: 'nothing', dependencies: ['review'] },
];

describe.each(['memory', 'SQLite'])('in %s', (kind) => {
  const storage = (): Storage | undefined => (kind === 'memory' ? undefined : sqlite(file()));

  it.each([0, 1, 2, 3, 5, 8, 13])(
    'a run that is cancelled and resumed at once (%d steps between) is cancelled if the cancellation is acknowledged',
    async (steps) => {
      const executor = await open(storage(), review);
      await executor.run('g', { runId: 'r' });
      const cancelling = executor.cancel('r');
      for (let i = 0; i < steps; i++) await Promise.resolve();
      const resumed = executor.resume('r').catch((error: unknown) => error);
      const said = await cancelling;
      await resumed;
      expect(said).toBe('applied');
      expect((await executor.report('r')).status).toBe('cancelled');
    },
  );
});

it('a snapshot that is asked for while the executor closes is refused', async () => {
  const slow = defineAction({
    name: 'slow',
    execute: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('no')))),
  });
  const executor = await open(sqlite(file()), [{ id: 'a', action: 'slow' }], [slow as never]);
  const handle = await executor.start('g', { runId: 'r' });
  handle.done.catch(() => {});
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  const saving = executor.saveSnapshot('r');
  saving.catch(() => {});
  await executor.close();
  expect(await settles(saving)).toBe(true);
});

it('an answer that comes while the session ends is stored', async () => {
  let during: (() => Promise<unknown>) | undefined;
  let said: Promise<unknown> | undefined;
  let inner: Storage;
  const between = interposed((inner = sqlite(file())), async (work) => {
    const result = await work();
    const { status } =
      (await inner.db.selectFrom('dagger_runs').select('status').executeTakeFirst()) ?? {};
    if (status === 'paused' && during !== undefined) {
      said = during();
      during = undefined;
      said.catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
    }
    return result;
  });
  const executor = await open(between, review);
  during = () => executor.approve('r', 'review');
  expect((await executor.run('g', { runId: 'r' })).status).toBe('paused');
  expect(await said).toBe('stored');
  expect((await executor.resume('r')).status).toBe('succeeded');
});

it('a run that is being opened while the executor closes does not start', async () => {
  let ran = 0;
  const count = defineAction({ name: 'count', execute: () => void ran++ });
  const storage = sqlite(file());
  const executor = await open(
    { ...storage, close: () => Promise.resolve() },
    [{ id: 'a', action: 'count' }],
    [count as never],
  );
  const running = executor.run('g', { runId: 'r' });
  running.catch(() => {});
  await executor.close();
  expect(await settles(running)).toBe(true);
  expect(ran).toBe(0);
  await expect(running).rejects.toMatchObject({ code: 'EXECUTOR_CLOSED' });
  await storage.close();
});

it('hooks that answer a question at the end are asked again at the next end', async () => {
  const ends: boolean[] = [];
  const hook: EventHook = {
    name: 'impatient',
    onComplete: (_, success) => {
      ends.push(success);
      return success ? [] : [{ type: 'GiveInput', nodeId: 'review', decision: 'approve' }];
    },
  };
  const executor = await open(sqlite(file()), review);
  const report = await executor.run('g', { runId: 'r', hooks: [hook] });
  expect(report.status).toBe('succeeded');
  expect(ends).toEqual([false, true]);
});
