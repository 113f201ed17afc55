import type { CoreTables } from '@dagger/core';
import type { Cell } from '@dagger/core/kernel';
import { CompiledQuery, type QueryResult, type Transaction } from 'kysely';

/** Rows of one statement: few sizes, so that all of these statements are kept prepared. */
const SIZES = [64, 16, 4, 1] as const;

/** Consecutive rows that are written by one statement. */
export interface Piece {
  readonly size: number;
  readonly done: Promise<QueryResult<unknown>>;
}

/** Writes so many rows; `add` is to add the values of one to a list. */
export type InsertRows = (
  trx: Transaction<CoreTables>,
  count: number,
  add: (cells: Cell[], row: number) => void,
) => readonly Piece[];

/**
 * Rows of some width, by statements of fixed sizes that begin as told: SQLite takes values as they are much faster than out of one
 * text, and by statements that nobody has to put together again. A row that is there stays as it is.
 */
export const inPieces = (beginning: string, width: number, conflict: string): InsertRows => {
  const row = `(${Array.from({ length: width }, () => '?').join(', ')})`;
  const texts = new Map<number, string>(
    SIZES.map((size) => [
      size,
      `${beginning} values ${Array.from({ length: size }, () => row).join(', ')} on conflict ${conflict} do nothing`,
    ]),
  );
  return (trx, count, add) => {
    const pieces: Piece[] = [];
    for (let at = 0; at < count;) {
      const size = SIZES.find((each) => each <= count - at) ?? 1;
      const cells: Cell[] = [];
      for (const end = at + size; at < end; at++) add(cells, at);
      pieces.push({
        size,
        done: trx.executeQuery(CompiledQuery.raw(texts.get(size) ?? '', cells)),
      });
    }
    return pieces;
  };
};
