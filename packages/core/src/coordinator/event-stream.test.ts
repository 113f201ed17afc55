import { describe, expect, it } from 'vitest';
import { ManualClock, settle } from '../../test/clock.ts';
import { ActionRegistry } from '../actions/registry.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { RunHandle } from '../executor/handle.ts';
import type { ExecutionEvent } from '../run/public-events.ts';

/** A run of `count` nodes side by side, one at a time, whose watchers may be `eventCapacity` behind. */
const setup = async (
  count: number,
  eventCapacity = 100,
): Promise<{ readonly run: RunHandle; readonly ran: string[]; readonly executor: DagExecutor }> => {
  const ran: string[] = [];
  const registry = new ActionRegistry([
    {
      name: 'ok',
      execute: async ({ nodeId }) => {
        await settle(1);
        ran.push(nodeId);
      },
    },
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock: new ManualClock(),
    config: { maxParallelNodes: 1 },
  });
  executor.add({
    name: 'g',
    nodes: Array.from({ length: count }, (_, i) => ({ id: `n${i}`, action: 'ok' })),
  });
  return { run: await executor.start('g', { eventCapacity, runId: 'r' }), ran, executor };
};

const types = async (events: AsyncIterable<ExecutionEvent>): Promise<string[]> => {
  const seen: string[] = [];
  for await (const { type } of events) seen.push(type);
  return seen;
};
const whole = [
  'RunStarted',
  'NodeStarted',
  'NodeCompleted',
  'NodeStarted',
  'NodeCompleted',
  'RunFinished',
];

describe('watching with for await', () => {
  it('gives every event in order and ends with the run, for any number of watchers', async () => {
    const { run } = await setup(2);
    expect(await Promise.all([types(run.events), types(run.events)])).toEqual([whole, whole]);
  });

  it('from the middle on gives what comes then', async () => {
    const { run } = await setup(50);
    const first = run.events[Symbol.asyncIterator]();
    await first.next();
    await first.return?.();
    const later = await types(run.events);
    expect(later.at(-1)).toBe('RunFinished');
    expect(later).not.toContain('RunStarted');
  });

  it('of a run that is over gives nothing', async () => {
    const { run, executor } = await setup(1);
    await run.done;
    expect(await types(run.events)).toEqual([]);
    expect(await types((await executor.start('g', { runId: 'r' })).events)).toEqual([]);
  });

  it('slowly keeps new nodes from starting, and leaving the loop frees the run', async () => {
    const { run, ran } = await setup(200, 4);
    let ahead = 0;
    for await (const event of run.events) {
      if (event.type !== 'NodeStarted') continue;
      await settle(30);
      ahead = ran.length;
      break;
    }
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThan(10);
    expect((await run.done).counts.succeeded).toBe(200);
  });

  it('slowly to the end loses no event', async () => {
    const { run } = await setup(20, 1);
    const seen: ExecutionEvent[] = [];
    for await (const event of run.events) {
      await settle(3);
      seen.push(event);
    }
    expect(seen.filter(({ type }) => type === 'NodeCompleted')).toHaveLength(20);
    expect(seen.at(-1)?.type).toBe('RunFinished');
  });

  it('and failing in the loop frees the run too', async () => {
    const { run } = await setup(50, 1);
    const watch = async (): Promise<void> => {
      for await (const event of run.events) throw new Error(event.type);
    };
    await expect(watch()).rejects.toThrow('RunStarted');
    expect((await run.done).status).toBe('succeeded');
  });
});

describe('subscribing', () => {
  it('calls next at once for each event, and complete at the end', async () => {
    const { run } = await setup(2);
    const seen: string[] = [];
    run.events.subscribe({
      next: ({ type }) => void seen.push(type),
      complete: () => void seen.push('complete'),
    });
    await run.done;
    expect(seen).toEqual([...whole, 'complete']);
  });

  it('takes a bare function, and ends when it is told to', async () => {
    const { run } = await setup(5);
    const seen: string[] = [];
    const subscription = run.events.subscribe(({ type }) => {
      seen.push(type);
      if (type === 'NodeCompleted') subscription.unsubscribe();
    });
    await run.done;
    expect(seen).toEqual(['RunStarted', 'NodeStarted', 'NodeCompleted']);
  });

  it('to a run that is over completes at once', async () => {
    const { run } = await setup(1);
    await run.done;
    let completed = false;
    run.events.subscribe({ complete: () => void (completed = true) });
    expect(completed).toBe(true);
  });

  it.each(['next', 'complete'] as const)(
    'drops what %s throws: the run and the other watchers go on',
    async (method) => {
      const { run } = await setup(2);
      const seen: string[] = [];
      run.events.subscribe({
        [method]: () => {
          throw new Error('a mistake');
        },
      });
      run.events.subscribe({
        next: ({ type }) => void seen.push(type),
        complete: () => void seen.push('complete'),
      });
      const ended = await Promise.race([run.done, settle(200).then(() => 'hung')]);
      expect(ended).toMatchObject({ status: 'succeeded' });
      expect(seen).toEqual([...whole, 'complete']);
    },
  );

  it('fits what RxJS looks for: a method under Symbol.observable, or under the text that stands in for it', async () => {
    const { run } = await setup(2);
    // As in rxjs/internal/symbol/observable: a text, not a registered symbol.
    const key = (Symbol as { readonly observable?: symbol }).observable ?? '@@observable';
    const interop = (
      run.events as unknown as Record<PropertyKey, (() => typeof run.events) | undefined>
    )[key];
    expect(interop?.call(run.events)).toBe(run.events);
    await run.done;
  });

  it('of a run that breaks off tells the error', async () => {
    const { run, executor } = await setup(50);
    let error: unknown;
    let completed = false;
    run.events.subscribe({
      error: (thrown) => {
        error = thrown;
      },
      complete: () => {
        completed = true;
      },
    });
    await settle(2);
    await executor.close();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
    expect(error).toMatchObject({ code: 'RUN_LOST' });
    expect(completed).toBe(false);
  });
});
