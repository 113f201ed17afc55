import type { Message } from '../message/message.ts';
import type { NewDeliveries } from './delivery-rows.ts';
import type { Routed } from './plan.ts';
import type { Claim } from './settle.ts';

/** What was claimed; the message is undefined where it is missing. */
export interface Claimed {
  readonly claim: Claim;
  readonly message: Message | undefined;
}

/** The deliveries of what is published. */
export interface Dealt {
  readonly lists: readonly NewDeliveries[];
  readonly claims: readonly Claimed[];
  /** Messages that not all of their groups have claimed, by offset. */
  readonly unclaimed: ReadonlyMap<number, Message>;
  /** How many each group gets. */
  readonly counts: ReadonlyMap<number, number>;
  /** Groups that have not claimed all of it. */
  readonly ready: ReadonlySet<number>;
}

export interface DealRequest {
  /** In the order of publishing, which is that of the offsets. */
  readonly routed: readonly Routed[];
  /** Of the messages, in that order; those that were there before have none. */
  readonly offsets: readonly (number | undefined)[];
  /** Who claims; undefined: nobody. */
  readonly worker: number | undefined;
  /** For how many deliveries of a group there is room. */
  readonly room: ReadonlyMap<number, number>;
}

interface Share {
  readonly room: number;
  readonly claimed: number[];
  readonly ready: number[];
}

/** Makes the deliveries of new messages, and claims as many of them at once as there is room for. */
export const deal = ({ routed, offsets, worker, room }: DealRequest): Dealt => {
  const shares = new Map<number, Share>();
  const claims: Claimed[] = [];
  const unclaimed = new Map<number, Message>();
  const shareOf = (groupId: number): Share => {
    const found = shares.get(groupId);
    if (found !== undefined) return found;
    const share = { room: room.get(groupId) ?? 0, claimed: [], ready: [] };
    shares.set(groupId, share);
    return share;
  };
  for (const [place, { message, groups }] of routed.entries()) {
    const offset = offsets[place];
    if (offset === undefined) continue;
    for (const { id: groupId } of groups) {
      const share = shareOf(groupId);
      if (worker !== undefined && share.claimed.length < share.room) {
        share.claimed.push(offset);
        claims.push({ claim: { groupId, offset, attempt: 1, worker }, message });
      } else {
        share.ready.push(offset);
        unclaimed.set(offset, message);
      }
    }
  }
  const lists: NewDeliveries[] = [];
  const counts = new Map<number, number>();
  const ready = new Set<number>();
  for (const [groupId, share] of shares) {
    counts.set(groupId, share.claimed.length + share.ready.length);
    if (share.claimed.length > 0)
      lists.push({ groupId, offsets: share.claimed, worker: worker ?? null });
    if (share.ready.length > 0) {
      lists.push({ groupId, offsets: share.ready, worker: null });
      ready.add(groupId);
    }
  }
  return { lists, claims, unclaimed, counts, ready };
};
