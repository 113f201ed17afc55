import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Transaction } from 'kysely';
import type { Message } from '../message/message.ts';
import { insertAttempts, type AttemptsAt } from './attempts.ts';
import { claim, type Demand } from './claim.ts';
import { deal, type Claimed } from './deal.ts';
import { makeDeliveries } from './delivery-rows.ts';
import { readVersion, type Group } from './groups.ts';
import { endHolds, insertHolds, type Ending } from './holds.ts';
import { insertMessages } from './insert-messages.ts';
import { holdWorker } from './lease.ts';
import { lockShared } from './locks.ts';
import type { Plan, Routed, Write } from './plan.ts';
import {
  claimKey,
  endDeliveries,
  returnDeliveries,
  thoseThere,
  type Claim,
  type Return,
} from './settle.ts';
import { messagesAt } from './stored-message.ts';

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
  /** In the order of their offsets, for each group. */
  readonly claims: readonly Claimed[];
  /** What was published and not all of its groups have claimed, by offset. */
  readonly unclaimed: ReadonlyMap<number, Message>;
  readonly dropped: readonly { readonly message: Message; readonly groupId: number }[];
  /** By how many the undone deliveries of a group grew. */
  readonly growth: ReadonlyMap<number, number>;
  /** Groups of which something ready is left, or may be. */
  readonly ready: ReadonlySet<number>;
  /** Others have declared the worker dead. */
  readonly isWorkerLost: boolean;
}

/** A group came or changed since the plan was made. */
export class GroupsChanged extends Error {}

/**
 * Ends deliveries, publishes, gives back and claims in one transaction. Statements that do not need each other's answers are
 * asked for together, and what is claimed as soon as it is published is written as claimed.
 * @throws GroupsChanged
 */
export const runBatch = (storage: Storage, batch: Batch): Promise<Done> =>
  storage.transaction(async (trx) => {
    const { plan, returns } = batch;
    const { lost, own, offsets, isAlive } = await settle(trx, storage, batch);
    const worker = isAlive ? batch.worker : undefined;
    const demands = worker === undefined ? [] : batch.demands;
    // Where the oldest are dropped, what is new may be among them.
    const drops = new Set([...plan.excess.keys()].map(({ id }) => id));
    const first = demands.filter(({ groupId }) => !drops.has(groupId));
    const rest = demands.filter(({ groupId }) => drops.has(groupId));
    const take = (wanted: readonly Demand[]): Promise<readonly Claim[]> | readonly Claim[] =>
      worker === undefined ? [] : claim(trx, storage, { worker, demands: wanted });

    const [, older] = await Promise.all([
      returnDeliveries(trx, storage, returns),
      take(first.filter(({ hasOlder }) => hasOlder)),
    ]);
    const room = new Map(first.map(({ groupId, most }) => [groupId, most]));
    for (const { groupId } of older) room.set(groupId, (room.get(groupId) ?? 0) - 1);
    const routed: Routed[] = [];
    for (const write of own) routed.push(...(plan.routed.get(write) ?? []));
    const dealt = deal({ routed, offsets, worker, room });
    const returned = returns.flatMap(({ claim: { groupId }, runAt }) =>
      runAt === 0 ? [groupId] : [],
    );
    const isForOthers = dealt.ready.size + returned.length > 0;
    const [, dropped, late] = await Promise.all([
      makeDeliveries(trx, storage, dealt.lists),
      dropOldest(trx, storage, plan.excess),
      take(rest),
      isForOthers ? storage.notify?.(trx, TOPIC) : undefined,
      insertHolds(
        trx,
        storage,
        own.flatMap(({ held }) => held ?? []),
      ),
      insertAttempts(trx, storage, attemptsIn(own, returns)),
    ]);

    const ready = new Set([...returned, ...dealt.ready]);
    const found = countBy([...older, ...late]);
    for (const { groupId, most, hasOlder } of demands) {
      const isLate = drops.has(groupId);
      const mayBeMore = (isLate || hasOlder) && found.get(groupId) === most;
      if (mayBeMore || (!isLate && dealt.ready.has(groupId))) ready.add(groupId);
      else ready.delete(groupId);
    }
    const growth = new Map(dealt.counts);
    const shrink = (groupId: number): void =>
      void growth.set(groupId, (growth.get(groupId) ?? 0) - 1);
    for (const { delivery } of own) if (delivery !== undefined) shrink(delivery.claim.groupId);
    for (const { groupId } of dropped) shrink(groupId);

    const read = await messagesOf(
      trx,
      storage,
      [...older, ...late, ...dropped],
      (offset) => dealt.unclaimed.get(offset) ?? batch.recall(offset),
    );
    const withMessage = (each: Claim): Claimed => ({ claim: each, message: read(each.offset) });
    return {
      lost,
      claims: [...older.map(withMessage), ...late.map(withMessage), ...dealt.claims],
      unclaimed: dealt.unclaimed,
      dropped: dropped.flatMap(({ groupId, offset }) => {
        const message = read(offset);
        return message === undefined ? [] : [{ message, groupId }];
      }),
      growth,
      ready,
      isWorkerLost: batch.worker !== undefined && batch.demands.length > 0 && !isAlive,
    };
  });

/** What is done before anything is claimed. */
interface Settled {
  readonly lost: ReadonlySet<Write>;
  /** Those that are not lost. */
  readonly own: readonly Write[];
  /** Of the messages of those, in their order; none for those that were there before. */
  readonly offsets: readonly (number | undefined)[];
  readonly isAlive: boolean;
}

const settle = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  { plan: { admitted, routed }, worker, demands, version, again }: Batch,
): Promise<Settled> => {
  const publishes = routed.size > 0;
  const acks: Claim[] = [];
  for (const { delivery } of admitted) if (delivery !== undefined) acks.push(delivery.claim);
  const endings: Ending[] = [];
  for (const { release, messages } of admitted)
    if (release !== undefined)
      endings.push({
        ...release,
        isPublished: messages.some(({ id }) => id === release.messageId),
      });
  // What goes with an acknowledgement, or with a decision, waits for its answer.
  const waits = admitted.some(
    ({ delivery, release, messages }) =>
      (delivery !== undefined || release !== undefined) && messages.length > 0,
  );
  const [, known, isAlive, gone, released, early] = await Promise.all([
    publishes ? lockShared(trx, storage) : undefined,
    publishes ? readVersion(trx) : version,
    worker === undefined || demands.length === 0 ? false : holdWorker(trx, storage, worker),
    endDeliveries(trx, storage, acks),
    endHolds(trx, storage, endings),
    waits ? undefined : insertMessages(trx, storage, messagesIn(admitted)),
  ]);
  if (known !== version) throw new GroupsChanged();
  const lost = new Set<Write>(
    gone.size === 0 ? NONE : await lostOf(trx, storage, { admitted, gone, again }),
  );
  const left = new Set(released);
  for (const write of admitted) {
    // The first of several decides.
    if (write.release === undefined || left.delete(write.release.messageId)) continue;
    if (!(again && (await wasReleasedBy(trx, write)))) lost.add(write);
  }
  const own = lost.size === 0 ? admitted : admitted.filter((write) => !lost.has(write));
  const offsets = early ?? (await insertMessages(trx, storage, messagesIn(own)));
  return { lost, own, offsets, isAlive };
};

const NONE: ReadonlySet<Write> = new Set();

const messagesIn = (writes: readonly Write[]): readonly Message[] => {
  const messages: Message[] = [];
  for (const write of writes) messages.push(...write.messages);
  return messages;
};

const attemptsIn = (
  writes: readonly Write[],
  returns: readonly Return[],
): readonly AttemptsAt[] => {
  const found: AttemptsAt[] = [];
  const add = (offset: number | undefined, attempts: AttemptsAt['attempts'] = []): void => {
    if (offset !== undefined && attempts.length > 0) found.push({ offset, attempts });
  };
  for (const { delivery, attempts } of writes) add(delivery?.claim.offset, attempts);
  for (const { claim: of, attempts } of returns) add(of.offset, attempts);
  return found;
};

/** Whether a first try ended the waiting of a message: then what was published with that is there. */
const wasReleasedBy = async (
  trx: Transaction<CoreTables>,
  { messages: [first] }: Write,
): Promise<boolean> => first === undefined || isThere(trx, first);

const isThere = async (trx: Transaction<CoreTables>, { id }: Message): Promise<boolean> => {
  const { rows } = await sql`select seq from dagger_pubsub_messages where id = ${id}`.execute(trx);
  return rows.length > 0;
};

const countBy = (claims: readonly Claim[]): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>();
  for (const { groupId } of claims) counts.set(groupId, (counts.get(groupId) ?? 0) + 1);
  return counts;
};

/** The messages at some offsets; those that are not known are read. */
const messagesOf = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  places: readonly { readonly offset: number }[],
  recall: (offset: number) => Message | undefined,
): Promise<(offset: number) => Message | undefined> => {
  const known = new Map<number, Message>();
  const unknown = new Set<number>();
  for (const { offset } of places) {
    const message = recall(offset);
    if (message === undefined) unknown.add(offset);
    else known.set(offset, message);
  }
  for (const { offset, message } of await messagesAt(trx, storage, [...unknown]))
    known.set(offset, message);
  return (offset) => known.get(offset);
};

/** Acknowledgements of deliveries that somebody else has. */
const lostOf = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  {
    admitted,
    gone,
    again,
  }: {
    readonly admitted: readonly Write[];
    readonly gone: ReadonlySet<Claim>;
    readonly again: boolean;
  },
): Promise<ReadonlySet<Write>> => {
  const missing = admitted.filter(
    ({ delivery }) => delivery !== undefined && gone.has(delivery.claim),
  );
  if (!again) return new Set(missing);
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
    else if (first !== undefined && !(await isThere(trx, first))) lost.add(write);
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
