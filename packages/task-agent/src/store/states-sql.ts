import { sql, type RawBuilder } from 'kysely';

/** States as a list of literals, for `in (...)`. */
export const states = (names: readonly string[]): RawBuilder<unknown> =>
  sql`(${sql.join(names.map((name) => sql.lit(name)))})`;
