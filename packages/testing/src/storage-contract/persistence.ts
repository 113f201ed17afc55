import { expect, it } from 'vitest';
import { whyNot, type StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { ids, row, withProbe } from './probe.ts';

export const persistence = (contract: StorageContract): void => {
  const { persistent, concurrentConnections } = contract.features;

  if (whyNot(persistent) === undefined)
    it('keeps what was written for the next opening', async () => {
      const { storage, reopen } = await openPlace(contract);
      const db = await withProbe(storage);
      await db.insertInto('probe').values(row('a')).execute();
      const again = await withProbe(await reopen());
      expect(await ids(again)).toEqual(['a']);
    });
  else
    it(`is absent: ${whyNot(persistent)}`, async () => {
      const opened = await contract.open();
      await opened.storage.close();
      expect(opened.reopen).toBeUndefined();
    });

  if (whyNot(concurrentConnections) === undefined)
    it('shows every connection what another has committed', async () => {
      const { storage, beside } = await openPlace(contract);
      const db = await withProbe(storage);
      const other = await beside();
      expect(other).not.toBe(storage);
      await db.insertInto('probe').values(row('a')).execute();
      expect(await ids(await withProbe(other))).toEqual(['a']);
    });
  else
    it(`has one connection: ${whyNot(concurrentConnections)}`, async () => {
      const opened = await contract.open();
      await opened.storage.close();
      await opened.remove?.();
      expect(opened.beside).toBeUndefined();
    });

  it('is described without a password', async () => {
    const { storage } = await openPlace(contract);
    expect(storage.location).toMatch(/./);
    expect(storage.location).not.toContain('@');
  });
};
