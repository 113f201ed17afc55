import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Transaction } from 'kysely';
import type { Message } from '../message/message.ts';
import { insertDeliveries } from './catch-up.ts';
import { claim, type Demand } from './claim.ts';
import { readVersion, type Group } from './groups.ts';
import { holdWorker } from './lease.ts';
import { lockShared } from './locks.ts';
import type { Plan, Write } from './plan.ts';
import {
  claimKey,
  endDeliveries,
  returnDeliveries,
  thoseThere,
  type Claim,
  type Return,
} from './settle.ts';
import { insertMessages, messagesAt } from './stored-message.ts';

/** The topic on which those who wait for messages are woken. */
export const TOPIC = 'pubsub';

/** What one transaction is to do. */
export interface Batch {
  readonly plan: Plan;
  readonly returns: readonly Return[];
  readonly worker: number | undefined;
  readonly demands: readonly Demand[];
  /** Of the groups for which the plan was made. */
  readonly version: number;
  /** It may have been committed already. */
  readonly again: boolean;
  /** A message that need not be read. */
  readonly recall: (offset: number) => Message | undefined;
}

/** What it did. */
export interface Done {
  readonly lost: ReadonlySet<Write>;
  readonly published: ReadonlyMap<number, Message>;
  readonly claims: readonly Claim[];
  readonly messages: ReadonlyMap<number, Message>;
  readonly dropped: readonly { readonly message: Message; readonly groupId: number }[];
  /** By how many the undone deliveries of a group grew. */
  readonly growth: ReadonlyMap<number, number>;
  /** Others have declared the worker dead. */
  readonly isWorkerLost: boolean;
}

/** A group came or changed since the plan was made. */
export class GroupsChanged extends Error {}

/**
 * Ends deliveries, publishes, gives back and claims in one transaction. Statements that do not need each other's answers are
 * asked for together.
 * @throws GroupsChanged
 */
export const runBatch = (storage: Storage, batch: Batch): Promise<Done> =>
  storage.transaction(async (trx) => {
    const { plan, worker, demands, again, returns } = batch;
    const { admitted, routed } = plan;
    const publishes = routed.size > 0;
    const acks = admitted.flatMap(({ delivery }) =>
      delivery === undefined ? [] : [delivery.claim],
    );
    const messagesOf = (write: Write): readonly Message[] => write.messages;
    // What goes with an acknowledgement waits for its answer.
    const waits = admitted.some(
      ({ delivery, messages }) => delivery !== undefined && messages.length > 0,
    );
    const [, version, isAlive, ended, early] = await Promise.all([
      publishes ? lockShared(trx, storage) : undefined,
      publishes ? readVersion(trx) : batch.version,
      worker === undefined || demands.length === 0 ? false : holdWorker(trx, storage, worker),
      endDeliveries(trx, storage, acks),
      waits ? undefined : insertMessages(trx, storage, admitted.flatMap(messagesOf)),
    ]);
    if (version !== batch.version) throw new GroupsChanged();
    const lost = await lostOf(trx, storage, { admitted, ended, again });
    const own = lost.size === 0 ? admitted : admitted.filter((write) => !lost.has(write));
    const offsets = early ?? (await insertMessages(trx, storage, own.flatMap(messagesOf)));

    const published = new Map<number, Message>();
    const pairs: [number, number][] = [];
    const growth = new Map<number, number>();
    const grow = (groupId: number, by: number): void =>
      void growth.set(groupId, (growth.get(groupId) ?? 0) + by);
    for (const write of own)
      for (const { message, groups } of routed.get(write) ?? []) {
        const offset = offsets.get(message.id);
        // It was there before, with its deliveries.
        if (offset === undefined || published.has(offset)) continue;
        published.set(offset, message);
        for (const { id } of groups) {
          pairs.push([id, offset]);
          grow(id, 1);
        }
      }
    const wants = new Map(demands.map(({ groupId, most }) => [groupId, most]));
    const isForOthers =
      [...growth].some(([id, count]) => count > (wants.get(id) ?? 0)) ||
      returns.some(({ runAt }) => runAt === 0);
    for (const { delivery } of own) if (delivery !== undefined) grow(delivery.claim.groupId, -1);

    const [, , dropped, claims] = await Promise.all([
      returnDeliveries(trx, storage, returns),
      insertDeliveries(trx, storage, pairs),
      dropOldest(trx, storage, plan.excess),
      isAlive && worker !== undefined ? claim(trx, storage, { worker, demands }) : [],
      isForOthers ? storage.notify?.(trx, TOPIC) : undefined,
    ]);
    for (const { groupId } of dropped) grow(groupId, -1);

    const messages = new Map<number, Message>();
    const unknown = new Set<number>();
    for (const { offset } of [...claims, ...dropped]) {
      const message = published.get(offset) ?? batch.recall(offset);
      if (message === undefined) unknown.add(offset);
      else messages.set(offset, message);
    }
    for (const { offset, message } of await messagesAt(trx, storage, [...unknown]))
      messages.set(offset, message);
    return {
      lost,
      published,
      claims,
      messages,
      dropped: dropped.flatMap(({ groupId, offset }) => {
        const message = messages.get(offset);
        return message === undefined ? [] : [{ message, groupId }];
      }),
      growth,
      isWorkerLost: worker !== undefined && demands.length > 0 && !isAlive,
    };
  });

/** Acknowledgements of deliveries that somebody else has. */
const lostOf = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  {
    admitted,
    ended,
    again,
  }: {
    readonly admitted: readonly Write[];
    readonly ended: ReadonlySet<string>;
    readonly again: boolean;
  },
): Promise<ReadonlySet<Write>> => {
  const missing = admitted.filter(
    ({ delivery }) => delivery !== undefined && !ended.has(claimKey(delivery.claim)),
  );
  if (missing.length === 0 || !again) return new Set(missing);
  // Those that the first try ended are gone, and what was published with them is there.
  const there = await thoseThere(
    trx,
    storage,
    missing.flatMap(({ delivery }) => (delivery === undefined ? [] : [delivery.claim])),
  );
  const lost = new Set<Write>();
  for (const write of missing) {
    const { delivery, messages } = write;
    const [first] = messages;
    if (delivery === undefined) continue;
    if (there.has(claimKey(delivery.claim))) lost.add(write);
    else if (first !== undefined) {
      const { rows } =
        await sql`select seq from dagger_pubsub_messages where id = ${first.id}`.execute(trx);
      if (rows.length === 0) lost.add(write);
    }
  }
  return lost;
};

/** Drops so many of the oldest that nobody has taken yet. */
const dropOldest = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  excess: ReadonlyMap<Group, number>,
): Promise<readonly { readonly groupId: number; readonly offset: number }[]> => {
  const skip = abilities.skipLocked ? sql`for update skip locked` : sql``;
  const found = await Promise.all(
    [...excess].map(async ([{ id }, count]) => {
      const { rows } = await sql<{ readonly seq: number }>`delete from dagger_pubsub_deliveries
        where (group_id, seq) in (select group_id, seq from dagger_pubsub_deliveries
          where state = 0 and group_id = ${id} order by seq limit ${count} ${skip})
        returning seq`.execute(trx);
      return rows.map(({ seq }) => ({ groupId: id, offset: seq }));
    }),
  );
  return found.flat().toSorted((a, b) => a.offset - b.offset);
};
