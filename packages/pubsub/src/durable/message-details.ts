import type { Storage } from '@dagger/core';
import { sql, type RawBuilder, type Selectable } from 'kysely';
import { letterIn, readDeadLetters, type DeadLetter } from './dead-letters.ts';
import { isFor, readGroup } from './groups.ts';
import { ofTree } from './of-tree.ts';
import { fromRow, type StoredMessage } from './stored-message.ts';
import { tables, type MessageRow } from './tables.ts';

/** A message that a group is not done with. */
export interface UndoneDelivery {
  readonly group: string;
  /**
   * `ready`: it waits for a member; `leased`: a member has it; `delayed`: it waits for its next attempt; `ahead`: the group is
   * catching up and has yet to come to it.
   */
  readonly state: 'ready' | 'leased' | 'delayed' | 'ahead';
  /** How often the group has received it. */
  readonly attempt: number;
  /** When a delayed one is ready, in milliseconds since the Unix epoch; else null. */
  readonly runAt: number | null;
  /** Who has a leased one, as `host#pid#start#nonce`; else null. */
  readonly owner: string | null;
}

/** Everything that is known of a message. */
export interface MessageDetails extends StoredMessage {
  /** The message that caused it; null for one from outside, and where it was pruned. */
  readonly cause: StoredMessage | null;
  /** The messages that it caused, in the order of their offsets; dead letters that came of it are among them. */
  readonly effects: readonly StoredMessage[];
  /** The groups that are not done with it. */
  readonly undone: readonly UndoneDelivery[];
  /** What came of it where a group could not handle it, the oldest first. */
  readonly deadLetters: readonly DeadLetter[];
  /** The dead letter that it is itself; null for any other message. */
  readonly deadLetter: DeadLetter | null;
}

/** A message by its id or its offset; undefined where there is none. */
export const readDetails = async (
  storage: Storage,
  which: string | number,
): Promise<MessageDetails | undefined> => {
  const row = await rowOf(
    storage,
    typeof which === 'string' ? sql`id = ${which}` : sql`seq = ${which}`,
  );
  if (row === undefined) return undefined;
  const stored = fromRow(row);
  const { id, causationId, correlationId } = stored.message;
  const cause = causationId === null ? undefined : await rowOf(storage, sql`id = ${causationId}`);
  const { rows } = await sql<Selectable<MessageRow>>`select * from dagger_pubsub_messages
    where ${ofTree(correlationId)} and causation_id = ${id} order by seq`.execute(storage.db);
  return {
    ...stored,
    cause: cause === undefined ? null : fromRow(cause),
    effects: rows.map(fromRow),
    undone: await undoneOf(storage, stored),
    deadLetters: await readDeadLetters(storage, { correlationId, messageId: id, first: 'oldest' }),
    deadLetter: letterIn(row) ?? null,
  };
};

const rowOf = async (
  storage: Storage,
  condition: RawBuilder<unknown>,
): Promise<Selectable<MessageRow> | undefined> => {
  const { rows } = await sql<Selectable<MessageRow>>`
    select * from dagger_pubsub_messages where ${condition}`.execute(storage.db);
  return rows[0];
};

const STATES = ['ready', 'leased', 'delayed'] as const;

const undoneOf = async (
  storage: Storage,
  { offset, message }: StoredMessage,
): Promise<readonly UndoneDelivery[]> => {
  const groups = await tables(storage)
    .selectFrom('dagger_pubsub_groups')
    .selectAll()
    .orderBy('name')
    .execute();
  const deliveries = await tables(storage)
    .selectFrom('dagger_pubsub_deliveries as d')
    .leftJoin('dagger_pubsub_workers as w', 'w.id', 'd.worker')
    .select(['d.group_id', 'd.state', 'd.attempt', 'd.run_at', 'w.owner'])
    // The key begins with the group.
    .where('d.group_id', 'in', groups.length === 0 ? [-1] : groups.map(({ id }) => id))
    .where('d.seq', '=', offset)
    .execute();
  const byGroup = new Map(deliveries.map((delivery) => [delivery.group_id, delivery]));
  return groups.flatMap((row): readonly UndoneDelivery[] => {
    const { name, position, ...group } = readGroup(row);
    const found = byGroup.get(row.id);
    if (found !== undefined) {
      const state = STATES[found.state] ?? 'ready';
      return [
        {
          group: name,
          state: position !== null && position < offset ? 'ahead' : state,
          attempt: found.attempt,
          runAt: state === 'delayed' ? found.run_at : null,
          owner: state === 'leased' ? found.owner : null,
        },
      ];
    }
    return position !== null && position < offset && isFor({ ...group, name, position }, message)
      ? [{ group: name, state: 'ahead', attempt: 0, runAt: null, owner: null }]
      : [];
  });
};
