import type { CoreTables } from '@dagger/core';
import type { Cell } from '@dagger/core/kernel';
import { CompiledQuery, type QueryResult, type Transaction } from 'kysely';

/** Rows of one statement: few sizes, so that all of these statements are kept prepared. */
const SIZES = [64, 16, 4, 1] as const;

/** Writes rows of some width by statements of fixed sizes, which begin and end as told. */
export type InsertRows<R> = (
  trx: Transaction<CoreTables>,
  rows: readonly (readonly Cell[])[],
) => Promise<readonly R[]>;

/** SQLite takes values as they are faster than out of one text, and by statements that nobody has to put together again. */
export const inPieces = <R>(width: number, beginning: string, end: string): InsertRows<R> => {
  const row = `(${Array.from({ length: width }, () => '?').join(', ')})`;
  const texts = new Map<number, string>(
    SIZES.map((size) => [
      size,
      `${beginning} values ${Array.from({ length: size }, () => row).join(', ')} ${end}`,
    ]),
  );
  return async (trx, rows) => {
    const pieces: Promise<QueryResult<R>>[] = [];
    for (let at = 0; at < rows.length;) {
      const size = SIZES.find((each) => each <= rows.length - at) ?? 1;
      const parameters = rows.slice(at, at + size).flat();
      pieces.push(trx.executeQuery<R>(CompiledQuery.raw(texts.get(size) ?? '', parameters)));
      at += size;
    }
    return (await Promise.all(pieces)).flatMap((result) => result.rows);
  };
};
