import type { Delivery, SubscribeOptions } from '../transport/transport.ts';

/** One subscription of this transport. */
export interface Member {
  readonly options: SubscribeOptions;
  readonly deliver: (delivery: Delivery) => void;
  readonly group: LocalGroup;
  inFlight: number;
  isStopped: boolean;
}

/** The members that a group has in this transport. */
export class LocalGroup {
  readonly id: number;
  readonly name: string;
  readonly members: Member[] = [];
  /** Whether a look for ready messages may find some. */
  mayBeReady = true;
  /** How often that was said, now and when the last look began: what is said meanwhile may have come too late for it. */
  signals = 0;
  looked = 0;
  #next = 0;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }

  /** Deliveries for which there is room. */
  get room(): number {
    let room = 0;
    for (const { options, inFlight } of this.members)
      room += Math.max(0, options.maxInFlight - inFlight);
    return room;
  }

  signal(): void {
    this.mayBeReady = true;
    this.signals++;
  }

  /** A look is over that found all there was, or not. */
  found(all: boolean): void {
    this.mayBeReady = !all || this.signals !== this.looked;
  }

  /** Whose turn it is; undefined when all have enough. */
  next(): Member | undefined {
    const { length } = this.members;
    for (let i = 0; i < length; i++) {
      const at = (this.#next + i) % length;
      const member = this.members[at];
      if (member === undefined || member.inFlight >= member.options.maxInFlight) continue;
      this.#next = at + 1;
      return member;
    }
    return undefined;
  }

  remove(member: Member): void {
    member.isStopped = true;
    const at = this.members.indexOf(member);
    if (at !== -1) this.members.splice(at, 1);
  }
}
