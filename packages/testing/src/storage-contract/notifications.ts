import type { Storage } from '@dagger/core';
import { expect, it } from 'vitest';
import { whyNot, type StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { gate } from './signals.ts';

/** Subscribes, and counts how often it was woken; `first` resolves with the first time. */
const listen = async (
  storage: Storage,
  topic: string,
): Promise<{
  readonly first: Promise<void>;
  readonly woken: () => number;
  readonly stop: () => Promise<void>;
}> => {
  const { passed, open } = gate();
  let woken = 0;
  const stop = await storage.subscribe?.(topic, () => {
    woken++;
    open();
  });
  if (stop === undefined) throw new Error('there is no subscribe');
  return { first: passed, woken: () => woken, stop };
};

export const noNotifications = (contract: StorageContract): void => {
  it(`are absent: ${whyNot(contract.features.notify)}`, async () => {
    const { storage } = await openPlace(contract);
    expect(storage.abilities.notify).toBe(false);
    expect(storage).not.toHaveProperty('subscribe');
    expect(storage).not.toHaveProperty('notify');
  });
};

export const notifications = (contract: StorageContract): void => {
  it('wake those who subscribed, through every connection', async () => {
    const { storage, beside } = await openPlace(contract);
    expect(storage.abilities.notify).toBe(true);
    const other = await beside();
    const both = [await listen(storage, 'topic'), await listen(other, 'topic')];
    await other.notify?.(other.db, 'topic');
    await Promise.all(both.map(async ({ first }) => first));
  });

  it('in a transaction wake when it commits, and never when it is rolled back', async () => {
    const { storage } = await openPlace(contract);
    const [lost, kept] = [await listen(storage, 'lost'), await listen(storage, 'kept')];
    const failing = storage.transaction(async (trx) => {
      await storage.notify?.(trx, 'lost');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    let early = 0;
    await storage.transaction(async (trx) => {
      await storage.notify?.(trx, 'kept');
      early = kept.woken();
    });
    await kept.first;
    expect([early, lost.woken()]).toEqual([0, 0]);
  });

  it('reach their topic only, whatever it is called', async () => {
    const { storage } = await openPlace(contract);
    const names = ['run', 'RUN', 'run "x"; --', `${'long '.repeat(50)}1`, `${'long '.repeat(50)}2`];
    const all = await Promise.all(names.map(async (name) => listen(storage, name)));
    for (const [i, name] of names.entries()) {
      await storage.notify?.(storage.db, name);
      await all[i]?.first;
    }
    expect(all.map(({ woken }) => woken())).toEqual([1, 1, 1, 1, 1]);
  });

  it('end with the subscription, and not those of another', async () => {
    const { storage } = await openPlace(contract);
    const [one, two] = [await listen(storage, 'topic'), await listen(storage, 'topic')];
    await one.stop();
    await storage.notify?.(storage.db, 'topic');
    await two.first;
    expect(one.woken()).toBe(0);
    await two.stop();
    await two.stop();
    const again = await listen(storage, 'topic');
    await storage.notify?.(storage.db, 'topic');
    await again.first;
    expect(two.woken()).toBe(1);
  });
};
