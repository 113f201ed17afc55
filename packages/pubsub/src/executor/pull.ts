import type { JsonValue } from '@dagger/core';
import { Subscription } from 'rxjs';
import type { Source } from './source.ts';

/** Values after which others get their turn, where all of them are there at once. */
const PIECE = 1_024;

/** Publishes what an iterable gives, one after the other: it is asked for the next value when the last is published. */
export const pullFrom = (
  values: AsyncIterable<JsonValue> | Iterable<JsonValue>,
  publish: (payload: JsonValue) => Promise<unknown>,
): Source => {
  const iterator =
    Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
  const state = { isOver: false, stop: (): void => {} };
  const subscription = new Subscription(() => {
    if (state.isOver) return;
    state.isOver = true;
    state.stop();
    void giveBack(iterator);
  });
  /** Undefined when nobody wants more: whoever hangs in `next` is not waited for then. */
  const take = (): Promise<IteratorResult<JsonValue> | undefined> =>
    new Promise((resolve, reject) => {
      state.stop = () => resolve(undefined);
      nextOf(iterator).then(resolve, reject);
    });
  const run = async (): Promise<void> => {
    for (let taken = 1; !state.isOver; taken++) {
      const next = await take();
      if (next === undefined || next.done === true) return;
      try {
        await publish(next.value);
      } catch (error) {
        subscription.unsubscribe();
        throw error;
      }
      if (taken % PIECE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const done = run().finally(() => {
    state.isOver = true;
    subscription.unsubscribe();
  });
  // Not everybody looks.
  done.catch(() => {});
  return Object.assign(subscription, { done });
};

type AnyIterator = AsyncIterator<JsonValue> | Iterator<JsonValue>;

const nextOf = async (iterator: AnyIterator): Promise<IteratorResult<JsonValue>> => iterator.next();

const giveBack = async (iterator: AnyIterator): Promise<void> => {
  try {
    await iterator.return?.();
  } catch {
    // Nobody asks any more.
  }
};
