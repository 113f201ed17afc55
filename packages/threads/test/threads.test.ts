import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ActionRegistry,
  DagExecutor,
  defineAction,
  type ExecutionEvent,
  type JsonObject,
  type NodeReport,
  type RunHandle,
} from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createThreadPool, threadAction, type ThreadPoolOptions } from '../src/index.ts';

const module = new URL('./heavy.ts', import.meta.url);
/** The one that imports dagger itself. */
const failing = new URL('./failing.ts', import.meta.url);

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'dagger-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

interface Started {
  readonly run: RunHandle;
  readonly events: readonly ExecutionEvent[];
  readonly logged: readonly unknown[];
}

/** Starts a run of one node for each set of inputs, all of them at the same time on one pool. */
const start = async (
  name: string,
  inputs: readonly JsonObject[],
  options: { readonly timeout?: number; readonly attempts?: number } & ThreadPoolOptions = {},
): Promise<Started> => {
  const { timeout, attempts = 1, ...rest } = options;
  const pool = createThreadPool({ threads: 2, ...rest });
  onTestFinished(() => pool.close());
  const action = threadAction({
    name: 'heavy',
    module: name === 'failing' ? failing : module,
    export: name,
    pool,
    retry: { attempts, strategy: { type: 'immediate' } },
    ...(timeout === undefined ? {} : { timeout }),
  });
  const logged: unknown[] = [];
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([action]),
    config: { onFailure: 'continue', maxParallelNodes: 200 },
    logger: (level, message, fields) => void logged.push([level, message, fields['at']]),
  });
  const nodes = inputs.map((each, i) => ({
    id: `n${i}`,
    action: 'heavy',
    inputs: Object.entries(each).map(([name, value]) => ({ name, value: value ?? null })),
  }));
  executor.add({ name: 'g', nodes });
  const run = await executor.start('g');
  const events: ExecutionEvent[] = [];
  run.events.subscribe((event) => void events.push(event));
  return { run, events, logged };
};

const one = async (...given: Parameters<typeof start>): Promise<NodeReport> => {
  const { run } = await start(...given);
  return (await run.done).nodes['n0'] as NodeReport;
};

/** Lets the event loop turn until it is so; the test ends by its own limit. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

describe('an action on threads', () => {
  it('gives what its function gives, and the function is the default export unless it is named', async () => {
    expect((await one('default', [{ n: 10 }])).outputs).toEqual({ sum: 45 });
    expect(await one('failing', [{ how: 'well' }])).toMatchObject({
      outputs: { well: true },
      metadata: { model: 'm' },
    });
  });

  it('runs at the same time as others, while the event loop goes on', async () => {
    const place = folder();
    const names = ['a', 'b', 'c', 'd'];
    const { run } = await start(
      'meet',
      names.map((name) => ({ folder: place, name, count: 4 })),
      { threads: 4 },
    );
    let turns = 0;
    const over = { done: false };
    void run.done.then(() => (over.done = true));
    await until(() => {
      turns++;
      return over.done;
    });
    expect((await run.done).counts.succeeded).toBe(4);
    expect(turns).toBeGreaterThan(100);
  });

  it('waits in line when there are more tasks than threads', async () => {
    const { run } = await start(
      'default',
      Array.from({ length: 100 }, (_, i) => ({ n: 1_000 + i })),
    );
    const report = await run.done;
    expect(report.counts.succeeded).toBe(100);
    expect(report.nodes['n99']?.outputs).toEqual({ sum: (1_099 * 1_098) / 2 });
  });

  it('tells progress, log lines and tokens before its end', async () => {
    const { run, events, logged } = await start('chatty', [{ tokens: 7 }]);
    const report = await run.done;
    expect(report.nodes['n0']).toMatchObject({
      outputs: { nodeId: 'n0', attempt: 1 },
      tokens: 7,
    });
    expect(logged).toEqual([['info', 'working', 'n0']]);
    const told = events.flatMap((e) =>
      e.type === 'NodeProgress' ? [[e.fraction, e.message]] : [],
    );
    expect(told).toEqual([
      [0.5, 'half'],
      [1, null],
    ]);
  });

  it('fails as an action does that uses tokens of no number', async () => {
    expect(await one('chatty', [{ tokens: -1 }])).toMatchObject({
      status: 'failed',
      error: { code: 'ACTION_INVALID' },
    });
  });
});

describe('a thread that is to stop', () => {
  it('is ended by the cancellation of its run, and its pool goes on', async () => {
    const file = join(folder(), 'began');
    const { run } = await start('forever', [{ file }, { file }, { file }]);
    await until(() => existsSync(file));
    run.cancel('enough');
    const report = await run.done;
    expect([report.status, report.counts.cancelled]).toEqual(['cancelled', 3]);
  });

  it('is ended by its timeout, and the next attempt has a thread', async () => {
    const file = join(folder(), 'began');
    const node = await one('forever', [{ file }], { timeout: 0.2, attempts: 2, threads: 1 });
    expect(node).toMatchObject({ status: 'failed', attempts: 2, error: { code: 'NODE_TIMEOUT' } });
  });
});

describe('a function in a thread that fails', () => {
  it('fails with the name, message, stack, code and causes of its error', async () => {
    const { error } = await one('failing', [{ how: 'coded' }]);
    expect(error).toMatchObject({
      name: 'RangeError',
      message: 'too far',
      code: 'E_FAR',
      causes: ['the disk is full'],
      stack: expect.stringContaining('failing.ts'),
    });
    expect((await one('failing', [{ how: 'text' }])).error).toMatchObject({
      code: 'ACTION_FAILED',
      message: 'just text',
    });
  });

  it('is tried again, unless it says that this cannot help', async () => {
    expect(await one('failing', [{ how: 'coded' }], { attempts: 3 })).toMatchObject({
      attempts: 3,
    });
    expect(await one('failing', [{ how: 'final' }], { attempts: 3 })).toMatchObject({
      attempts: 1,
      error: { code: 'E_NEVER', message: 'never', causes: ['the disk is full'] },
    });
  });

  it('may give back its failure', async () => {
    expect((await one('failing', [{ how: 'returned' }])).error).toMatchObject({
      message: 'said no',
      code: 'ACTION_FAILED',
    });
  });

  it('may not give back what cannot be copied', async () => {
    expect(await one('failing', [{ how: 'uncopied' }], { attempts: 3 })).toMatchObject({
      attempts: 1,
      error: { code: 'NOT_JSON', message: expect.stringContaining('could not be cloned') },
    });
  });

  it('is named when it is not there', async () => {
    expect(await one('notAFunction', [{}], { attempts: 3 })).toMatchObject({
      attempts: 1,
      error: { code: 'ACTION_INVALID', message: expect.stringContaining("'notAFunction'") },
    });
  });
});

describe('a thread that crashes', () => {
  it.each([
    ['leaves the process', 'exit', 'worker exited with code: 3'],
    ['throws where nobody catches', 'late', 'nobody catches this'],
    ['runs out of memory', 'memory', 'memory'],
  ])('because it %s fails its attempt alone', async (_, how, reason) => {
    const { run } = await start('crashing', [{ how }, { how: 'well' }], { maxHeap: 32 });
    const { nodes } = await run.done;
    expect(nodes['n0']).toMatchObject({
      status: 'failed',
      error: { code: 'THREAD_CRASHED', message: expect.stringContaining(reason) },
    });
    expect(nodes['n1']?.status).toBe('succeeded');
  });

  it('is replaced, for the next attempt and for those that wait in line', async () => {
    const { run } = await start(
      'crashing',
      Array.from({ length: 5 }, () => ({ how: 'once' })),
      { attempts: 2, threads: 1 },
    );
    const { counts, nodes } = await run.done;
    expect([counts.succeeded, nodes['n4']?.attempts]).toEqual([5, 2]);
  });
});

describe('a pool of threads', () => {
  it('that is closed waits for what runs, and fails what waits in line or comes later', async () => {
    const place = folder();
    const pool = createThreadPool({ threads: 1 });
    const action = threadAction({
      name: 'x',
      module,
      export: 'meet',
      pool,
    });
    const after = defineAction({ name: 'after', execute: () => {} });
    const executor = await DagExecutor.open({
      registry: new ActionRegistry([action, after]),
      config: { maxAttempts: 1, onFailure: 'continue' },
    });
    const inputs = (
      name: string,
      count: number,
    ): { readonly name: string; readonly value: string | number }[] =>
      Object.entries({ folder: place, name, count }).map(([key, value]) => ({ name: key, value }));
    executor.add({
      name: 'g',
      nodes: [
        { id: 'first', action: 'x', inputs: inputs('a', 1) },
        { id: 'second', action: 'x', inputs: inputs('b', 1) },
        {
          id: 'late',
          action: 'x',
          dependencies: [{ id: 'second', optional: true }],
          inputs: inputs('c', 1),
        },
      ],
    });
    const run = await executor.start('g');
    await until(() => existsSync(join(place, 'a')) || run.report().counts.running === 2);
    await pool.close();
    const { nodes } = await run.done;
    expect(['first', 'second', 'late'].map((id) => nodes[id]?.error?.code ?? 'fine')).toEqual([
      'fine',
      'THREAD_POOL_CLOSED',
      'THREAD_POOL_CLOSED',
    ]);
  });

  it('refuses settings that make no sense, and an action a module that is no file', () => {
    for (const options of [{ threads: 0 }, { threads: 1.5 }, { idleTimeout: -1 }, { maxHeap: 0 }])
      expect(() => createThreadPool(options)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    expect(() => threadAction({ name: 'x', module: new URL('https://example.org/x.js') })).toThrow(
      expect.objectContaining({ code: 'ACTION_INVALID' }),
    );
  });
});
