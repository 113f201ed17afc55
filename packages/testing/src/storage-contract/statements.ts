import { expect, it } from 'vitest';
import type { StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { ids, row, withProbe } from './probe.ts';

export const statements = (contract: StorageContract): void => {
  it('count the rows that they insert, update and delete', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    const inserted = await db
      .insertInto('probe')
      .values(['a', 'b', 'c'].map((id) => row(id)))
      .executeTakeFirst();
    const updated = await db
      .updateTable('probe')
      .set({ n: 1 })
      .where('id', 'in', ['a', 'b'])
      .executeTakeFirst();
    const none = await db
      .updateTable('probe')
      .set({ n: 1 })
      .where('id', '=', 'z')
      .executeTakeFirst();
    const deleted = await db.deleteFrom('probe').where('n', '=', 1).executeTakeFirst();
    expect([
      inserted.numInsertedOrUpdatedRows,
      updated.numUpdatedRows,
      none.numUpdatedRows,
      deleted.numDeletedRows,
    ]).toEqual([3n, 2n, 0n, 2n]);
  });

  it('count the rows of an insert from a select', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    await db
      .insertInto('probe')
      .values(row('a', { n: 7 }))
      .execute();
    const copy = async (n: number): Promise<bigint | undefined> =>
      (
        await db.executeQuery(
          db
            .insertInto('probe')
            .columns(['id', 'n'])
            .expression((eb) =>
              eb
                .selectFrom('probe')
                .select((s) => [s.cast<string>(s.val('copy'), 'text').as('id'), 'n'])
                .where('n', '=', n),
            )
            .compile(),
        )
      ).numAffectedRows;
    expect([await copy(8), await copy(7)]).toEqual([0n, 1n]);
  });

  it('do nothing on a conflict when they say so, and count nothing', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    const insert = async (n: number): Promise<bigint | undefined> =>
      (
        await db
          .insertInto('probe')
          .values(row('a', { n }))
          .onConflict((c) => c.column('id').doNothing())
          .executeTakeFirst()
      ).numInsertedOrUpdatedRows;
    expect([await insert(1), await insert(2)]).toEqual([1n, 0n]);
    expect(await db.selectFrom('probe').select('n').execute()).toEqual([{ n: 1 }]);
  });

  it('update on a conflict when they say so', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    for (const n of [1, 2])
      await db
        .insertInto('probe')
        .values(row('a', { n }))
        .onConflict((c) => c.column('id').doUpdateSet({ n }))
        .execute();
    expect(await db.selectFrom('probe').select('n').execute()).toEqual([{ n: 2 }]);
  });

  it('that are refused say why, and the next one works', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    const insert = async (): Promise<unknown> => db.insertInto('probe').values(row('a')).execute();
    await insert();
    await expect(insert()).rejects.toThrow(/unique/i);
    expect(await ids(db)).toEqual(['a']);
  });

  it('may be asked for in any number at the same time', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) =>
        db
          .insertInto('probe')
          .values(row(`${i}`))
          .execute(),
      ),
    );
    expect(await ids(db)).toHaveLength(200);
  });
};
