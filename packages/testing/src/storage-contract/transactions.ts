import { expect, it } from 'vitest';
import type { StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { ids, probeOf, row, withProbe } from './probe.ts';
import { gate, settle } from './signals.ts';

export const transactions = (contract: StorageContract): void => {
  it('commit together what they wrote, and give what their work gives', async () => {
    const { storage } = await openPlace(contract);
    const db = await withProbe(storage);
    const given = await storage.transaction(async (trx) => {
      await probeOf(trx).insertInto('probe').values(row('a')).execute();
      await probeOf(trx).insertInto('probe').values(row('b')).execute();
      return 'done';
    });
    expect(given).toBe('done');
    expect(await ids(db)).toEqual(['a', 'b']);
  });

  it('that throw leave nothing behind, reject with that very error, and the next one works', async () => {
    const { storage } = await openPlace(contract);
    const db = await withProbe(storage);
    const error = new Error('no');
    const failing = storage.transaction(async (trx) => {
      await probeOf(trx).insertInto('probe').values(row('a')).execute();
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    await storage.transaction(async (trx) =>
      probeOf(trx).insertInto('probe').values(row('b')).execute(),
    );
    expect(await ids(db)).toEqual(['b']);
  });

  it('in which a statement is refused leave nothing behind', async () => {
    const { storage } = await openPlace(contract);
    const db = await withProbe(storage);
    const twice = storage.transaction(async (trx) => {
      await probeOf(trx).insertInto('probe').values(row('a')).execute();
      await probeOf(trx).insertInto('probe').values(row('a')).execute();
    });
    await expect(twice).rejects.toThrow(/unique/i);
    expect(await ids(db)).toEqual([]);
  });

  it('show nobody what they have not committed', async () => {
    const { storage, beside } = await openPlace(contract);
    await withProbe(storage);
    const other = probeOf((await beside()).db);
    const [wrote, end] = [gate(), gate()];
    const failing = storage.transaction(async (trx) => {
      await probeOf(trx).insertInto('probe').values(row('a')).execute();
      wrote.open();
      await end.passed;
      throw new Error('no');
    });
    await wrote.passed;
    // Answers now, from before, or after the end where there is one connection.
    const seen = ids(other);
    await settle();
    end.open();
    await expect(failing).rejects.toThrow('no');
    expect(await seen).toEqual([]);
  });

  it('see what they wrote themselves', async () => {
    const { storage } = await openPlace(contract);
    await withProbe(storage);
    const seen = await storage.transaction(async (trx) => {
      await probeOf(trx).insertInto('probe').values(row('a')).execute();
      return ids(probeOf(trx));
    });
    expect(seen).toEqual(['a']);
  });

  it('side by side lose no update', async () => {
    const { storage, beside } = await openPlace(contract);
    const db = await withProbe(storage);
    await db
      .insertInto('probe')
      .values(row('a', { n: 0 }))
      .execute();
    const both = [storage, await beside()];
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) =>
        (both[i % 2] ?? storage).transaction(async (trx) =>
          probeOf(trx)
            .updateTable('probe')
            .set((eb) => ({ n: eb('n', '+', 1) }))
            .where('id', '=', 'a')
            .execute(),
        ),
      ),
    );
    expect(await db.selectFrom('probe').select('n').executeTakeFirst()).toEqual({ n: 40 });
  });
};
