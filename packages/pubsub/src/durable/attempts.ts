import type { CoreTables, Storage } from '@dagger/core';
import { each, type Cell, type Kind } from '@dagger/core/kernel';
import { sql, type Transaction } from 'kysely';
import type { TraceAttempt } from '../trace/entry.ts';
import { inPieces } from './rows-in-pieces.ts';
import type { AttemptRow } from './tables.ts';

/** Attempts at the message of an offset. */
export interface AttemptsAt {
  readonly offset: number;
  readonly attempts: readonly TraceAttempt[];
}

const STATUSES = ['done', 'failed', 'dead', 'stopped'] as const;
const COLUMNS = 'seq, agent, attempt, status, error, started_at, duration_ms';
const KINDS: readonly Kind[] = ['number', 'text', 'number', 'number', 'text', 'number', 'number'];

const insertPieces = inPieces(`insert into dagger_pubsub_attempts (${COLUMNS})`, KINDS.length, '');

/** Texts of PostgreSQL have no character 0. */
const storable = (text: string | null): string | null =>
  text === null ? null : text.replaceAll('\u0000', '\ufffd');

/** Writes what became of attempts; one that is there stays as it is. */
export const insertAttempts = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  lists: readonly AttemptsAt[],
): Promise<void> => {
  const rows: Cell[][] = [];
  for (const { offset, attempts } of lists)
    for (const { agent, attempt, status, error, startedAt, durationMs } of attempts)
      rows.push([
        offset,
        agent,
        attempt,
        STATUSES.findIndex((known) => known === status),
        storable(error),
        startedAt,
        durationMs,
      ]);
  if (rows.length === 0) return;
  if (abilities.jsonEach === 'json_each') {
    const pieces = insertPieces(trx, rows.length, (cells, row) => cells.push(...(rows[row] ?? [])));
    await Promise.all(pieces.map(({ done }) => done));
  } else
    await sql`insert into dagger_pubsub_attempts (${sql.raw(COLUMNS)})
      select c0, c1, c2, c3, c4, c5, c6 from ${each(abilities, KINDS, rows)} where true
      on conflict do nothing`.execute(trx);
};

/** The attempts at the messages of a tree, by the ids of these, in the order in which they began. */
export const readAttempts = async (
  storage: Storage,
  correlationId: string,
): Promise<ReadonlyMap<string, readonly TraceAttempt[]>> => {
  const { rows } = await sql<AttemptRow & { readonly id: string }>`select m.id, a.*
    from dagger_pubsub_messages as m join dagger_pubsub_attempts as a on a.seq = m.seq
    where m.correlation_id = ${correlationId} order by a.started_at, a.attempt, a.agent`.execute(
    storage.db,
  );
  const found = new Map<string, TraceAttempt[]>();
  for (const { id, agent, attempt, status, error, started_at, duration_ms } of rows) {
    const list = found.get(id) ?? [];
    list.push({
      agent,
      attempt,
      status: STATUSES[status] ?? 'failed',
      error,
      startedAt: started_at,
      durationMs: duration_ms,
    });
    found.set(id, list);
  }
  return found;
};
