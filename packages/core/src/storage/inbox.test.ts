import { expect, it } from 'vitest';
import { ManualClock } from '../../test/clock.ts';
import { databaseInbox } from './inbox.ts';
import type { RunStore } from './run-store.ts';

it('whoever watches an inbox is woken once the database listens: what came before woke nobody', async () => {
  let listens = (): void => {};
  const subscribed = new Promise<void>((resolve) => (listens = resolve));
  const storage = {
    subscribe: async () => {
      await subscribed;
      return () => Promise.resolve();
    },
  };
  const store = { clock: new ManualClock(), storage } as unknown as RunStore;
  let woken = 0;
  const stop = databaseInbox(store, 'r').watch(() => void woken++);
  expect(woken).toBe(0);
  listens();
  await new Promise((resolve) => setImmediate(resolve));
  expect(woken).toBe(1);
  stop();
});
