import type { StorageAbilities } from '@dagger/core';
import { sql, type RawBuilder } from 'kysely';

/** One value of a row that is handed over as JSON. */
export type Cell = string | number | null;

/**
 * A list as a table, in one parameter: the text of a statement is the same however many rows it is given, so it is
 * prepared once. `rows` are lists of cells, read by `text` and `number`.
 */
export const each = (
  { jsonEach }: StorageAbilities,
  rows: readonly (readonly Cell[])[],
): RawBuilder<unknown> => sql`${sql.raw(jsonEach)}(${JSON.stringify(rows)}) as e`;

/** A cell of a row, as text. */
export const text = (cell: number): RawBuilder<string> => sql.raw(`(e.value ->> ${cell})`);

/** A cell of a row, as a whole number. */
export const number = (cell: number): RawBuilder<number> =>
  sql.raw(`cast((e.value ->> ${cell}) as bigint)`);

/** A list of texts, for `in (...)`. */
export const list = (abilities: StorageAbilities, items: readonly string[]): RawBuilder<unknown> =>
  sql`(select ${text(0)} from ${each(
    abilities,
    items.map((item) => [item]),
  )})`;

/** States as a list of literals, for `in (...)`. */
export const states = (names: readonly string[]): RawBuilder<unknown> =>
  sql`(${sql.join(names.map((name) => sql.lit(name)))})`;
