import type { JsonValue } from '@dagger/core';
import { from, NEVER, Observable, range, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { definePubSubAgent, type AnyPubSubAgent } from '../src/index.ts';
import { openBus, turn } from './bus.ts';

const slow = (seen: unknown[]): AnyPubSubAgent =>
  definePubSubAgent({
    name: 'slow',
    subscriptions: ['ticks'],
    concurrency: 1,
    capacity: 2,
    async processMessage({ payload }) {
      await turn();
      seen.push(payload);
    },
  });

describe('an observable', () => {
  it('that gives more at once than may wait ends with CHANNEL_FULL, whatever it still has', async () => {
    const { bus } = await openBus([]);
    const source = bus.from(range(0, 1_025), 'ticks');
    await expect(source.done).rejects.toMatchObject({
      code: 'CHANNEL_FULL',
      message: "'ticks' is slower than its source: 1024 messages wait",
    });
    expect(source.closed).toBe(true);
    let given = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && given < 10_000) subscriber.next(given++);
    });
    await expect(bus.from(endless, 'ticks').done).rejects.toMatchObject({ code: 'CHANNEL_FULL' });
    expect(given).toBe(1_025);
  });

  it('may give as many at once as its capacity says', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([slow(seen)]);
    await bus.from(range(0, 2_000), 'ticks', { capacity: 2_000 }).done;
    await bus.idle();
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
    const few = bus.from(range(0, 3), 'ticks', { capacity: 2 });
    await expect(few.done).rejects.toMatchObject({ code: 'CHANNEL_FULL' });
  });

  it('that fails, or gives what cannot be published, ends with that, and nothing more is published', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([slow(seen)]);
    const values = new Subject<JsonValue>();
    const failing = bus.from(values, 'ticks');
    values.next(1);
    values.error(new Error('the wire was cut'));
    await expect(failing.done).rejects.toThrow('the wire was cut');
    const wrong = bus.from(from([2, Number.NaN, 3]), 'ticks');
    await expect(wrong.done).rejects.toMatchObject({ code: 'NOT_JSON' });
    await bus.idle();
    expect(seen).toEqual([1, 2]);
  });

  it('that nobody wants any more is done when what it gave is published', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([slow(seen)]);
    const values = new Subject<JsonValue>();
    const source = bus.from(values, 'ticks');
    for (const n of [1, 2, 3, 4, 5]) values.next(n);
    source.unsubscribe();
    values.next(6);
    await source.done;
    await bus.idle();
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    const idle = bus.from(NEVER, 'ticks');
    idle.unsubscribe();
    await idle.done;
  });

  it('may be whatever can be subscribed to', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([slow(seen)]);
    let isLeft = false;
    const plain = {
      subscribe: (observer: { readonly next: (value: number) => void }) => {
        observer.next(1);
        return { unsubscribe: () => (isLeft = true) };
      },
    };
    const source = bus.from(plain as never, 'ticks');
    source.unsubscribe();
    await source.done;
    await bus.idle();
    expect([seen, isLeft]).toEqual([[1], true]);
  });
});

describe('an iterable', () => {
  it('is held up while there is no room, and all of it is published in order', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([slow(seen)]);
    let most = 0;
    const values = function* (): Generator<number> {
      for (let n = 0; n < 3_000; n++) {
        most = Math.max(most, n - seen.length);
        yield n;
      }
    };
    await bus.from(values(), 'ticks').done;
    await bus.idle();
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
    // One is being handled, two wait, and one waits for room.
    expect(most).toBeLessThanOrEqual(4);
    await bus.from([1, 2], 'ticks').done;
    await bus.idle();
    expect(seen.slice(3_000)).toEqual([1, 2]);
  });

  it('may be asynchronous, and ends with what it throws', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([slow(seen)]);
    const values = async function* (): AsyncGenerator<number> {
      yield 1;
      await turn();
      yield 2;
      throw new Error('the file is torn');
    };
    const source = bus.from(values(), 'ticks');
    await expect(source.done).rejects.toThrow('the file is torn');
    expect(source.closed).toBe(true);
    await bus.idle();
    expect(seen).toEqual([1, 2]);
  });

  it('with all of it there at once lets others have their turn, and is given back when nobody wants more', async () => {
    const { bus } = await openBus([]);
    const many = 100_000;
    let taken = 0;
    let isGivenBack = false;
    const values = function* (): Generator<number> {
      try {
        while (taken < many) yield taken++;
      } finally {
        isGivenBack = true;
      }
    };
    const source = bus.from(values(), 'ticks');
    await turn();
    source.unsubscribe();
    await source.done;
    expect(isGivenBack).toBe(true);
    expect(taken).toBeLessThan(many);
  });

  it('that hangs is not waited for when nobody wants more', async () => {
    const { bus } = await openBus([]);
    const log: string[] = [];
    const values: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          log.push('given back');
          return Promise.reject(new Error('of no interest'));
        },
      }),
    };
    const source = bus.from(values, 'ticks');
    source.unsubscribe();
    source.unsubscribe();
    await source.done;
    expect(log).toEqual(['given back']);
  });

  it('is given back where a value cannot be published, and not where it came to its end', async () => {
    const { bus } = await openBus([]);
    const log: string[] = [];
    const counting = (values: readonly number[]): Iterable<number> => ({
      [Symbol.iterator]: () => {
        const iterator = values[Symbol.iterator]();
        return {
          next: () => iterator.next(),
          return: () => {
            log.push('given back');
            return { done: true, value: undefined };
          },
        };
      },
    });
    const wrong = bus.from(counting([1, Number.NaN, 2]), 'ticks');
    await expect(wrong.done).rejects.toMatchObject({ code: 'NOT_JSON' });
    expect(log).toEqual(['given back']);
    await bus.from(counting([1, 2]), 'ticks').done;
    expect(log).toEqual(['given back']);
  });
});

describe('a source is refused', () => {
  it.each<[unknown, unknown, string]>([
    ['abc', {}, "not 'abc'; in a list it is published as one value"],
    [7, {}, 'from: the source must be an observable, an iterable or an async iterable, not 7'],
    [{}, {}, 'not a map'],
    [undefined, {}, 'not undefined'],
    [[], { capacity: 0 }, 'from: capacity must be a whole number from 1 to 10,000,000, not 0'],
    [[], { capactiy: 9 }, "from: there is no option 'capactiy'; did you mean 'capacity'?"],
  ])('where it is %j with %j', async (source, options, reason) => {
    const { bus } = await openBus([]);
    expect(() => bus.from(source as never, 'ticks', options as never)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(reason) as string,
      }) as Error,
    );
  });
});
