import type { Clock, CoreTables, Storage } from '@dagger/core';
import { among } from '@dagger/core/kernel';
import { sql, type Selectable, type Transaction } from 'kysely';
import { TOPIC } from './batch.ts';
import { letterIn, type DeadLetter } from './dead-letters.ts';
import { makeDeliveries } from './delivery-rows.ts';
import { lockShared } from './locks.ts';
import { patiently } from './patience.ts';
import type { GroupRow, MessageRow } from './tables.ts';

/** What became of one dead letter that was to be re-driven. */
export interface Redriven {
  /** The id that was given. */
  readonly id: string;
  /**
   * - `redriven`: its message is delivered again, to the group that had failed on it and to no other.
   * - `before`: that was done before, so nothing was done now.
   * - `unknown`: no dead letter has this id.
   * - `no_message`: its message is not there: it was pruned, or a person rejected it before anybody received it.
   * - `no_group`: nothing is known of the group that had failed on it.
   */
  readonly outcome: 'redriven' | 'before' | 'unknown' | 'no_message' | 'no_group';
  /** The letter as it stands now; null where there is none. */
  readonly deadLetter: DeadLetter | null;
  /** The name of the group; null where it is not known. */
  readonly group: string | null;
}

/** Letters in one transaction. */
const PIECE = 500;

/**
 * Delivers the messages of dead letters again, each to the group that had failed on it, with its attempts counted anew, and marks
 * the letters; both or neither. A message that the group has to handle anyway is delivered once.
 * @returns what became of each letter, in the order of the ids
 * @throws DaggerError STORAGE_FAILED
 */
export const redrive = async (
  storage: Storage,
  clock: Clock,
  ids: readonly string[],
): Promise<readonly Redriven[]> => {
  const found = new Map<string, Redriven>();
  const wanted = [...new Set(ids)];
  for (let i = 0; i < wanted.length; i += PIECE) {
    const piece = wanted.slice(i, i + PIECE);
    const now = clock.now();
    let again = false;
    const done = await patiently(storage, clock, () => {
      const tried = redrivePiece(storage, { ids: piece, now, again });
      again = true;
      return tried;
    });
    for (const each of done) found.set(each.id, each);
  }
  return wanted.map((id) => found.get(id) ?? unknown(id));
};

interface Piece {
  readonly ids: readonly string[];
  readonly now: number;
  /** It may have been committed already. */
  readonly again: boolean;
}

/** A letter, and the offset of its message where that is there. */
type Row = Selectable<MessageRow> & { readonly original: number | null };

const redrivePiece = (storage: Storage, { ids, now, again }: Piece): Promise<readonly Redriven[]> =>
  storage.transaction(async (trx) => {
    // Nobody prunes the messages meanwhile.
    await lockShared(trx, storage);
    const letters = await lettersOf(trx, storage, ids);
    const groupOf = await groupsByAgent(trx);
    const done: Redriven[] = [];
    const marked: string[] = [];
    const offsets = new Map<number, number[]>();
    for (const row of letters) {
      const letter = letterIn(row);
      if (letter === undefined) continue;
      const group = groupOf(letter);
      const tell = (outcome: Redriven['outcome'], deadLetter: DeadLetter = letter): void =>
        void done.push({ id: row.id, outcome, deadLetter, group: group?.name ?? null });
      if (letter.redrivenAt !== null)
        tell(again && letter.redrivenAt === now ? 'redriven' : 'before');
      else if (row.original === null) tell('no_message');
      else if (group === undefined) tell('no_group');
      else {
        marked.push(row.id);
        offsets.set(group.id, [...(offsets.get(group.id) ?? []), row.original]);
        tell('redriven', { ...letter, redrivenAt: now });
      }
    }
    if (marked.length === 0) return done;
    await sql`update dagger_pubsub_messages set redriven_at = ${now}
      where id ${among(storage.abilities, marked)}`.execute(trx);
    // In one order, so that two who do this never wait for each other.
    const lists = [...offsets]
      .toSorted(([a], [b]) => a - b)
      .map(([groupId, each]) => ({
        groupId,
        offsets: each.toSorted((a, b) => a - b),
        worker: null,
      }));
    await makeDeliveries(trx, storage, lists);
    await storage.notify?.(trx, TOPIC);
    return done;
  });

/** Whoever comes second waits here, and sees that it was done. */
const lettersOf = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  ids: readonly string[],
): Promise<readonly Row[]> => {
  const lock = storage.abilities.rowLocks ? sql`for update of m` : sql``;
  const { rows } = await sql<Row>`select m.*, o.seq as original from dagger_pubsub_messages as m
    left join dagger_pubsub_messages as o on o.id = m.causation_id
    where m.id ${among(storage.abilities, ids)} order by m.seq ${lock}`.execute(trx);
  return rows;
};

type KnownGroup = Pick<Selectable<GroupRow>, 'id' | 'name'>;

/** Finds the group of an agent. One that is alone in its group, as most are, has its name. */
const groupsByAgent = async (
  trx: Transaction<CoreTables>,
): Promise<(letter: DeadLetter) => KnownGroup | undefined> => {
  const { rows } = await sql<Pick<Selectable<GroupRow>, 'id' | 'name' | 'except_from'>>`
    select id, name, except_from from dagger_pubsub_groups order by id`.execute(trx);
  const byName = new Map<string, KnownGroup>(rows.map((row) => [row.name, row]));
  const byMember = new Map<string, KnownGroup>();
  for (const row of rows)
    for (const agent of JSON.parse(row.except_from) as readonly string[]) byMember.set(agent, row);
  return ({ agent, letter }) =>
    byName.get(letter.headers['dead-group'] ?? '') ?? byMember.get(agent) ?? byName.get(agent);
};

const unknown = (id: string): Redriven => ({
  id,
  outcome: 'unknown',
  deadLetter: null,
  group: null,
});
