import { DaggerError } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { TraceAttempt } from '../trace/entry.ts';
import type { Hold } from '../transport/transport.ts';
import type { Failure } from './answer.ts';
import type { StorageDelivery } from './delivery.ts';
import type { Group, Groups } from './groups.ts';
import type { Room } from './room.ts';

/** Messages that are to be published together, and the delivery that is done with them, if one is. */
export interface Write {
  readonly delivery: StorageDelivery | undefined;
  readonly messages: readonly Message[];
  /** Messages that go down with it and wait for people. */
  readonly held?: readonly Hold[] | undefined;
  /** What became of attempts at the message of the delivery. */
  readonly attempts?: readonly TraceAttempt[] | undefined;
  /** A message that waits for a person no more. */
  readonly release?: Release | undefined;
  /** Called once, when it is committed or will not be. */
  readonly settle: (failure?: Failure) => void;
}

export interface Release {
  readonly messageId: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** A write that waits for room. */
export interface Blocked {
  readonly write: Write;
  readonly group: Group;
}

/** A message and the groups that get it. */
export interface Routed {
  readonly message: Message;
  readonly groups: readonly Group[];
}

/** What the next transaction does. */
export interface Plan {
  readonly admitted: readonly Write[];
  readonly routed: ReadonlyMap<Write, readonly Routed[]>;
  readonly blocked: readonly Blocked[];
  readonly refused: readonly { readonly write: Write; readonly error: DaggerError }[];
  /** There was no place for them in this one. */
  readonly later: readonly Write[];
  /** Of which group how many of the oldest are to go. */
  readonly excess: ReadonlyMap<Group, number>;
  /** Messages that a group does not get for want of room. */
  readonly skipped: readonly { readonly message: Message; readonly group: Group }[];
  /** How many wait for them must be counted before the plan is good. */
  readonly unsure: ReadonlySet<Group>;
}

/** Messages in one transaction, unless one write has more. */
const MOST = 1_000;

export interface PlanRequest {
  /** In the order in which they were asked for. */
  readonly writes: readonly Write[];
  readonly groups: Groups;
  readonly room: Room;
  /** Counted for this plan. */
  readonly counted: ReadonlySet<Group>;
  readonly now: number;
}

/**
 * Decides what there is room for. Outputs come before what is from outside, since whoever waits with them keeps others waiting;
 * and none passes another one that waits for a group which gets both.
 */
export const makePlan = ({ writes, groups, room, counted, now }: PlanRequest): Plan => {
  const used = new Map<number, number>();
  const unsure = new Set<Group>();
  const undone = (group: Group): number => {
    const known = room.undone(group.id, now);
    if (known === undefined && !counted.has(group)) unsure.add(group);
    return (known ?? 0) + (used.get(group.id) ?? 0);
  };
  const use = (groupId: number, by: number): void =>
    void used.set(groupId, (used.get(groupId) ?? 0) + by);

  const admitted: Write[] = [];
  const outputs: Write[] = [];
  const publications: Write[] = [];
  const queues = (write: Write): Write[] =>
    write.messages.length === 0 ? admitted : write.delivery === undefined ? publications : outputs;
  for (const write of writes) queues(write).push(write);
  for (const { delivery } of admitted) if (delivery !== undefined) use(delivery.claim.groupId, -1);

  const routed = new Map<Write, readonly Routed[]>();
  const blocked: Blocked[] = [];
  const behind = new Set<number>();
  const refused: { readonly write: Write; readonly error: DaggerError }[] = [];
  const later: Write[] = [];
  const excess = new Map<Group, number>();
  const skipped: { readonly message: Message; readonly group: Group }[] = [];
  let messages = 0;

  for (const write of [...outputs, ...publications]) {
    if (messages > 0 && messages + write.messages.length > MOST) {
      later.push(write);
      continue;
    }
    const ways = write.messages.map((message) => ({ message, groups: groups.receiving(message) }));
    const shares = sharesOf(ways);
    const own = write.delivery?.claim.groupId;
    let full: Group | undefined;
    let error: DaggerError | undefined;
    for (const [group, share] of shares) {
      if (group.overflow === 'dropOldest' || group.overflow === 'dropNewest') continue;
      const before = undone(group) - (own === group.id ? 1 : 0);
      const more = share - (own === group.id ? 1 : 0);
      // More than fit at all are let in when nothing waits.
      const fits = more <= 0 || before <= 0 || before + share <= group.capacity;
      if (fits && (more <= 0 || !behind.has(group.id))) continue;
      if (group.overflow === 'block') full ??= group;
      else {
        if (!counted.has(group)) unsure.add(group);
        error ??= channelFull(group, write);
      }
    }
    if (error !== undefined) {
      refused.push({ write, error });
      continue;
    }
    if (full !== undefined) {
      blocked.push({ write, group: full });
      for (const [{ id }] of shares) behind.add(id);
      continue;
    }
    if (own !== undefined) use(own, -1);
    let missing: Map<Group, Set<Message>> | undefined;
    for (const [group, share] of shares) {
      const over = undone(group) + share - group.capacity;
      const drops = group.overflow === 'dropOldest' || group.overflow === 'dropNewest';
      if (drops && over > 0 && !counted.has(group)) unsure.add(group);
      if (group.overflow === 'dropOldest' && over > 0) excess.set(group, Math.max(0, over));
      if (group.overflow === 'dropNewest' && over > 0) {
        const all = ways.filter((way) => way.groups.includes(group));
        const none = new Set(all.slice(Math.max(0, share - over)).map(({ message }) => message));
        (missing ??= new Map<Group, Set<Message>>()).set(group, none);
        for (const message of none) skipped.push({ message, group });
      }
      use(group.id, share - (missing?.get(group)?.size ?? 0));
    }
    routed.set(write, missing === undefined ? ways : without(ways, missing));
    admitted.push(write);
    messages += write.messages.length;
  }
  return { admitted, routed, blocked, refused, later, excess, skipped, unsure };
};

/** How many of the messages each group gets. */
const sharesOf = (ways: readonly Routed[]): Iterable<readonly [group: Group, share: number]> => {
  const [only] = ways;
  if (ways.length === 1 && only !== undefined) return only.groups.map((group) => [group, 1]);
  const shares = new Map<Group, number>();
  for (const way of ways)
    for (const group of way.groups) shares.set(group, (shares.get(group) ?? 0) + 1);
  return shares;
};

const without = (
  ways: readonly Routed[],
  missing: ReadonlyMap<Group, ReadonlySet<Message>>,
): readonly Routed[] =>
  ways.map(({ message, groups }) => ({
    message,
    groups: groups.filter((group) => missing.get(group)?.has(message) !== true),
  }));

const channelFull = (group: Group, { messages }: Write): DaggerError =>
  new DaggerError(
    'CHANNEL_FULL',
    `no room in '${messages[0]?.channel ?? ''}' for '${group.name}', for which ${group.capacity} messages may wait`,
    { ids: { agent: group.name }, recoverable: true },
  );
