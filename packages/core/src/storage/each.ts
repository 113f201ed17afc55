import { sql, type RawBuilder } from 'kysely';
import type { StorageAbilities } from './storage.ts';

/** One value of a row that is handed over as a parameter. */
export type Cell = string | number | null;

/** What a column of such rows holds; numbers are whole. */
export type Kind = 'text' | 'number';

const TYPES: { readonly [K in Kind]: string } = { text: 'text', number: 'bigint' };

/**
 * A list of rows as a table `e` with the columns `c0`, `c1` and so on, in one statement however many there are; and PostgreSQL
 * knows how many there are when it plans.
 */
export const each = (
  { jsonEach }: StorageAbilities,
  kinds: readonly Kind[],
  rows: readonly (readonly Cell[])[],
): RawBuilder<unknown> => {
  const names = kinds.map((_, i) => `c${i}`);
  if (jsonEach === 'json_each') {
    const columns = kinds.map((kind, i) =>
      kind === 'text' ? `value ->> ${i} as c${i}` : `cast(value ->> ${i} as integer) as c${i}`,
    );
    return sql`(select ${sql.raw(columns.join(', '))} from json_each(${JSON.stringify(rows)})) as e`;
  }
  // What all rows share is handed over once: making a list of it, and reading that, costs as much as the row itself.
  const first = rows[0] ?? [];
  const shared = names.map((_, i) => rows.length > 0 && rows.every((row) => row[i] === first[i]));
  if (rows.length > 1 && shared.every(Boolean)) shared[0] = false;
  const pick = (isShared: boolean): readonly number[] =>
    shared.flatMap((each, i) => (each === isShared ? [i] : []));
  const typed = (value: unknown, i: number, suffix = ''): RawBuilder<unknown> =>
    sql`cast(${value} as ${sql.raw(`${TYPES[kinds[i] ?? 'text']}${suffix}`)})`;
  const constants = pick(true).map(
    (i) => sql`${typed(first[i] ?? null, i)} as ${sql.raw(`c${i}`)}`,
  );
  const varying = pick(false);
  // One row is none that PostgreSQL has to plan for.
  if (varying.length === 0) return sql`(select ${sql.join(constants)}) as e`;
  const lists = sql`unnest(${sql.join(
    varying.map((i) =>
      typed(
        rows.map((row) => row[i] ?? null),
        i,
        '[]',
      ),
    ),
  )})`;
  const columns = sql.raw(varying.map((i) => `c${i}`).join(', '));
  return constants.length === 0
    ? sql`${lists} as e(${columns})`
    : sql`(select v.*, ${sql.join(constants)} from ${lists} as v(${columns})) as e`;
};

/** That a column is one of some texts; stands after the column. */
export const among = (
  { jsonEach }: StorageAbilities,
  items: readonly string[],
): RawBuilder<unknown> =>
  jsonEach === 'json_each'
    ? sql`in (select value from json_each(${JSON.stringify(items)}))`
    : sql`= any(cast(${items} as text[]))`;
