import { DaggerError } from '@dagger/core';
import { expect, it } from 'vitest';
import type { StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { ids, probeOf, row, withProbe } from './probe.ts';
import { gate, settle } from './signals.ts';

export const closing = (contract: StorageContract): void => {
  it('may be done before the first use, and again', async () => {
    const { storage } = await openPlace(contract);
    const ends = [storage.close(), storage.close()];
    expect(await Promise.all([...ends, Promise.all(ends).then(() => storage.close())])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('waits for a transaction that is under way', async () => {
    const { storage } = await openPlace(contract);
    await withProbe(storage);
    const [wrote, end] = [gate(), gate()];
    const order: string[] = [];
    const transaction = storage.transaction(async (trx) => {
      await probeOf(trx).insertInto('probe').values(row('a')).execute();
      wrote.open();
      await end.passed;
      await probeOf(trx).insertInto('probe').values(row('b')).execute();
      order.push('worked');
      return ids(probeOf(trx));
    });
    await wrote.passed;
    const closed = storage.close().then(() => order.push('closed'));
    await settle();
    end.open();
    expect(await transaction).toEqual(['a', 'b']);
    await closed;
    expect(order).toEqual(['worked', 'closed']);
  });

  it('waits for every statement that was asked for before', async () => {
    const { storage } = await openPlace(contract);
    const db = await withProbe(storage);
    const asked = Array.from({ length: 50 }, async (_, i) =>
      db
        .insertInto('probe')
        .values(row(`${i}`))
        .execute(),
    );
    await settle(1);
    await storage.close();
    expect((await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected')).toEqual(
      [],
    );
  });

  it('makes every later call reject with an error of ours', async () => {
    const { storage } = await openPlace(contract);
    const db = await withProbe(storage);
    await storage.close();
    const calls = [
      async () => ids(db),
      async () => storage.transaction(async (trx) => ids(probeOf(trx))),
      async () => storage.migrate({ name: 'late', migrations: {} }),
      async () => withProbe(storage),
      ...(storage.subscribe === undefined
        ? []
        : [async () => storage.subscribe?.('topic', () => {})]),
    ];
    for (const call of calls) {
      const error: unknown = await call().then(
        () => 'went through',
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(DaggerError);
      expect(error).toMatchObject({ code: 'STORAGE_FAILED' });
    }
  });
};
