import { expect, it } from 'vitest';
import { whyNot, type StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { ids, row, withProbe } from './probe.ts';

export const persistence = (contract: StorageContract): void => {
  it('is there at the next opening', async () => {
    const { storage, reopen } = await openPlace(contract);
    const db = await withProbe(storage);
    await db.insertInto('probe').values(row('a')).execute();
    const again = await withProbe(await reopen());
    expect(await ids(again)).toEqual(['a']);
  });
};

export const noPersistence = (contract: StorageContract): void => {
  it(`is not kept: ${whyNot(contract.features.persistent)}`, async () => {
    const opened = await contract.open();
    await opened.storage.close();
    await opened.remove?.();
    expect(opened.reopen).toBeUndefined();
  });
};

export const concurrency = (contract: StorageContract): void => {
  it('see what each has committed', async () => {
    const { storage, beside } = await openPlace(contract);
    const db = await withProbe(storage);
    const other = await beside();
    expect(other).not.toBe(storage);
    await db.insertInto('probe').values(row('a')).execute();
    expect(await ids(await withProbe(other))).toEqual(['a']);
  });
};

export const noConcurrency = (contract: StorageContract): void => {
  it(`are not possible: ${whyNot(contract.features.concurrentConnections)}`, async () => {
    const opened = await contract.open();
    await opened.storage.close();
    await opened.remove?.();
    expect(opened.beside).toBeUndefined();
  });
};

export const location = (contract: StorageContract): void => {
  it('says where the data is, without credentials', async () => {
    const { storage } = await openPlace(contract);
    expect(storage.location).toMatch(/^[^@]+$/);
  });
};
