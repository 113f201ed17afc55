import { expect, it } from 'vitest';
import type { StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { row, withProbe, type ProbeTables } from './probe.ts';

const MEGABYTE = 1_048_576;

type Column = Exclude<keyof ProbeTables['probe'], 'id'>;

export const values = (contract: StorageContract): void => {
  /** What comes back when these are written into one column. */
  const roundTrip = async (column: Column, given: readonly unknown[]): Promise<unknown[]> => {
    const db = await withProbe((await openPlace(contract)).storage);
    const back: unknown[] = [];
    for (const [i, value] of given.entries()) {
      await db
        .insertInto('probe')
        .values(row(`${i}`, { [column]: value }))
        .execute();
      const found = await db
        .selectFrom('probe')
        .select(column)
        .where('id', '=', `${i}`)
        .executeTakeFirstOrThrow();
      back.push((found as { readonly [C in Column]?: unknown })[column]);
    }
    return back;
  };

  it('that are whole numbers stay numbers, as far as these are exact', async () => {
    const numbers = [0, 1, -1, 2 ** 31, 2 ** 32 + 1, 1_800_000_000_000, 2 ** 53 - 1, 1 - 2 ** 53];
    expect(await roundTrip('n', numbers)).toEqual(numbers);
  });

  it('that are numbers are compared and sorted as such', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    const numbers = [10, 9, 2 ** 40, 100];
    await db
      .insertInto('probe')
      .values(numbers.map((n) => row(`${n}`, { n })))
      .execute();
    const found = await db
      .selectFrom('probe')
      .select('n')
      .where('n', '>', 9)
      .orderBy('n', 'desc')
      .execute();
    expect(found.map(({ n }) => n)).toEqual([2 ** 40, 100, 10]);
  });

  it('that are text keep every character', async () => {
    const texts = [
      '',
      ' ',
      'it\'s "quoted" \\ $1 ? ; --',
      'Grüße, 世界, שלום',
      '👩‍👩‍👧‍👦 🏳️‍🌈 \u{10ffff}',
      'e\u0301 is not \u00e9',
      'a\tb\r\nc\u0001\u007f\ufeff\u2028',
    ];
    expect(await roundTrip('t', texts)).toEqual(texts);
  });

  it('that are JSON may hold NUL and halves of characters, which JSON escapes', async () => {
    const json = JSON.stringify({ nul: 'a\u0000b', half: '\ud800' });
    const [back] = await roundTrip('t', [json]);
    expect(back).toBe(json);
  });

  it('that are large are kept whole', async () => {
    const text = 'é'.repeat(MEGABYTE);
    const [back] = await roundTrip('t', [text]);
    expect(back === text).toBe(true);
  });

  it('that are bytes come back as bytes', async () => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    const large = Uint8Array.from({ length: MEGABYTE }, (_, i) => (i * 31 + (i >> 8)) % 256);
    const given = [new Uint8Array(0), every, large.subarray(1, 100), large];
    const back = await roundTrip('b', given);
    expect(back.every((bytes) => bytes instanceof Uint8Array)).toBe(true);
    expect(
      back.map((bytes, i) => Buffer.compare(bytes as Uint8Array, given[i] as Uint8Array)),
    ).toEqual([0, 0, 0, 0]);
  });

  it('that are null stay null, in every column', async () => {
    const db = await withProbe((await openPlace(contract)).storage);
    await db.insertInto('probe').values(row('a')).execute();
    expect(await db.selectFrom('probe').selectAll().execute()).toEqual([
      { id: 'a', n: null, t: null, b: null },
    ]);
  });
};
