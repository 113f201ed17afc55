import type { Delivery, SubscribeOptions } from '../transport/transport.ts';
import type { Demand } from './claim.ts';
import type { StorageDelivery } from './delivery.ts';
import type { Group, Groups } from './groups.ts';
import { LocalGroup, type Member } from './member.ts';

/** The groups that have members in this transport. */
export class LocalGroups {
  readonly #byId: Map<number, LocalGroup> = new Map();

  get ids(): readonly number[] {
    return [...this.#byId.keys()];
  }

  all(): IterableIterator<LocalGroup> {
    return this.#byId.values();
  }

  find(id: number): LocalGroup | undefined {
    return this.#byId.get(id);
  }

  join(
    { id, name }: Group,
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Member {
    const group = this.#byId.get(id) ?? new LocalGroup(id, name);
    this.#byId.set(id, group);
    const member: Member = { options, deliver, group, inFlight: 0, isStopped: false };
    group.members.push(member);
    return member;
  }

  leave(member: Member): void {
    const { group } = member;
    group.remove(member);
    if (group.members.length === 0 && this.#byId.get(group.id) === group)
      this.#byId.delete(group.id);
  }

  /** Lets go of the groups that are not there any more. @returns those */
  removed(known: Groups): readonly LocalGroup[] {
    const there = new Set(known.all.map(({ id }) => id));
    const gone = [...this.#byId.values()].filter(({ id }) => !there.has(id));
    for (const { id } of gone) this.#byId.delete(id);
    return gone;
  }

  /** Something of a group may be ready; of any, where none is named. */
  signal(groupId: number | undefined): void {
    if (groupId !== undefined) this.#byId.get(groupId)?.signal();
    else for (const group of this.#byId.values()) group.signal();
  }

  /**
   * What a look for ready messages is to take.
   * @param over deliveries that make room with the same commit
   * @param receiving groups for which it publishes
   */
  demands(over: readonly StorageDelivery[], receiving: ReadonlySet<number>): readonly Demand[] {
    const freed = new Map<LocalGroup, number>();
    const returned = new Set<LocalGroup>();
    for (const { member, isReturned } of over) {
      const { group, isStopped } = member;
      if (!isStopped) freed.set(group, (freed.get(group) ?? 0) + 1);
      if (isReturned) returned.add(group);
    }
    const demands: Demand[] = [];
    for (const group of this.#byId.values()) {
      const hasOlder = group.mayBeReady || returned.has(group);
      if (!hasOlder && !receiving.has(group.id)) continue;
      const most = group.room + (freed.get(group) ?? 0);
      if (most === 0) continue;
      group.looked = group.signals;
      demands.push({ groupId: group.id, most, hasOlder });
    }
    return demands;
  }

  /**
   * What a commit found out.
   * @param ready groups of which it left something ready, or may have
   */
  committed(demands: readonly Demand[], ready: ReadonlySet<number>): void {
    const asked = new Set(demands.map(({ groupId }) => groupId));
    for (const group of this.#byId.values()) {
      const isReady = ready.has(group.id);
      if (asked.has(group.id)) group.found(!isReady);
      else group.mayBeReady ||= isReady;
    }
  }
}
