import {
  ActionRegistry,
  DagExecutor,
  defineAction,
  waitForInput,
  type AnyAction,
  type Clock,
  type EventHook,
  type NodeDefinition,
  type Storage,
} from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { interposed, settle } from './interposed.ts';
import { file } from './place.ts';

const ask = defineAction({
  name: 'ask',
  execute: ({ answer }) => answer ?? waitForInput({ prompt: 'Go on?' }),
});
const nothing = defineAction({ name: 'nothing', execute: () => ({ done: true }) });

const open = async (
  storage: Storage | undefined,
  nodes: readonly NodeDefinition[],
  actions: readonly AnyAction[] = [],
  clock?: Clock,
): Promise<DagExecutor> => {
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([ask, nothing, ...actions]),
    ...(storage === undefined ? {} : { storage }),
    ...(clock === undefined ? {} : { clock }),
    config: { maxAttempts: 1, onFailure: 'stop' },
  });
  onTestFinished(() => executor.close().catch(() => {}));
  executor.add({ name: 'g', nodes });
  return executor;
};

/** Whether a promise settles while everything else gets its turns. */
const settles = async (promise: Promise<unknown>): Promise<boolean> => {
  const settled = (): true => true;
  return Promise.race([promise.then(settled, settled), settle(200).then(() => false)]);
};

const stuck = defineAction({ name: 'stuck', execute: () => new Promise<never>(() => {}) });

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
  const executor = await open(sqlite(file()), [{ id: 'a', action: 'slow' }], [slow]);
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
    [count],
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

it('a command whose commit is under way while the executor closes is not told to be refused', async () => {
  let during: (() => Promise<unknown>) | undefined;
  let closing: Promise<unknown> | undefined;
  const inner = sqlite(file());
  const between = interposed({ ...inner, close: () => Promise.resolve() }, async (work) => {
    const now = during;
    during = undefined;
    closing ??= now?.();
    return work();
  });
  const executor = await open(between, [{ id: 'a', action: 'stuck' }], [stuck]);
  const handle = await executor.start('g', { runId: 'r' });
  handle.done.catch(() => {});
  for await (const event of handle.events) if (event.type === 'NodeStarted') break;
  during = () => executor.close();
  const told = executor
    .updateCache('r', 'n', 'k', 'v')
    .catch((error: unknown) => (error as { readonly code?: string }).code);
  expect(await told).toBe('RUN_LOST');
  await closing;
  const reader = await open(inner, [{ id: 'a', action: 'stuck' }], [stuck]);
  expect((await reader.loadCache('r')).getGlobal('n', 'k')).toBe('v');
});

it('an executor that closes lets go of all its runs before it waits for the storage', async () => {
  const signals: AbortSignal[] = [];
  const watch = defineAction({
    name: 'watch',
    execute: ({ signal }) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    },
  });
  let aborted: boolean[] | undefined;
  let closing = false;
  const storage = interposed(sqlite(file()), (work) => {
    if (closing) aborted ??= signals.map((signal) => signal.aborted);
    return work();
  });
  const executor = await open(storage, [{ id: 'a', action: 'watch' }], [watch]);
  for (const runId of ['one', 'two']) {
    const handle = await executor.start('g', { runId });
    handle.done.catch(() => {});
  }
  await settle(50);
  closing = true;
  await executor.close();
  expect(aborted).toEqual([true, true]);
});

it('a command that a resumed run takes up while its sender takes it back is not told to be refused', async () => {
  const inner = sqlite(file());
  const place = { ...inner, close: () => Promise.resolve() };
  let broken = true;
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  const flaky = defineAction({
    name: 'flaky',
    async execute() {
      if (!broken) return;
      await gate;
      throw new Error('broken');
    },
  });
  const nodes = [{ id: 'a', action: 'flaky' }];
  // Looks into its inbox when it is woken, and nobody wakes it.
  const asleep: Clock = { now: () => Date.now(), after: () => () => {} };
  const owner = await open(place, nodes, [flaky], asleep);
  const running = owner.run('g', { runId: 'r' });
  await settle(50);
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let commits = 0;
  const slow = interposed(place, async (work) => {
    // The claim is the first; what was read of the inbox commits with the second.
    if (++commits === 2) await held;
    return work();
  });
  const next = await open(slow, nodes, [flaky]);
  let resumed: Promise<unknown> | undefined;
  let sent = 0;
  const between = interposed(place, async (work) => {
    if (++sent === 1) {
      const result = await work();
      go();
      await running;
      return result;
    }
    if (resumed === undefined) {
      broken = false;
      resumed = next.resume('r');
      await settle(50);
      const result = await work();
      release();
      return result;
    }
    return work();
  });
  const sender = await open(between, nodes, [flaky]);
  const told = await sender
    .send('r', { type: 'UpdateCache', namespace: 'n', key: 'k', value: 'v' }, { waitMs: 60_000 })
    .catch((error: unknown) => (error as { readonly code?: string }).code);
  await resumed;
  const there = (await next.loadCache('r')).getGlobal('n', 'k');
  expect([told, there]).toEqual(['applied', 'v']);
});

it('a command for a run that is deleted at that moment is not told to be applied', async () => {
  const inner = sqlite(file());
  const other = await open({ ...inner, close: () => Promise.resolve() }, review);
  let armed = false;
  const storage = interposed(inner, async (work) => {
    const result = await work();
    if (armed) {
      armed = false;
      await other.prune({ maxAgeDays: 0, statuses: ['paused'] });
    }
    return result;
  });
  const executor = await open(storage, review);
  await executor.run('g', { runId: 'r' });
  armed = true;
  await expect(executor.approve('r', 'review')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
});
