import { DaggerError, type Clock, type Logger, type Storage } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { Failure } from './answer.ts';
import { GroupsChanged, runBatch, type Done } from './batch.ts';
import type { Demand } from './claim.ts';
import { deliveryLost, type StorageDelivery } from './delivery.ts';
import type { Group, Groups } from './groups.ts';
import { isHopeless, Pauses, storageFailed } from './patience.ts';
import { makePlan, type Blocked, type Plan, type Write } from './plan.ts';
import { Room } from './room.ts';
import type { Return } from './settle.ts';

/** A delivery that is given back with the next commit. */
export interface ReturnEntry extends Return {
  readonly delivery: StorageDelivery | undefined;
  readonly settle: (failure?: Failure) => void;
}

/** The transport, as its commits see it. */
export interface CommitsHost {
  groups(): Groups;
  worker(): number | undefined;
  reloadGroups(): Promise<void>;
  /** What there is room for, once some of the deliveries are over, and some groups have received something. */
  demands(over: readonly StorageDelivery[], receiving: ReadonlySet<number>): readonly Demand[];
  recall(offset: number): Message | undefined;
  /** After each commit, when those who asked for it have been told. */
  committed(done: Done, plan: Plan, demands: readonly Demand[]): void;
  /** It is not known whether something was claimed. */
  inDoubt(): void;
  /** Between two commits. */
  between(): Promise<void>;
}

export interface CommitsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: CommitsHost;
}

interface Work {
  readonly writes: readonly Write[];
  readonly returns: readonly ReturnEntry[];
  readonly claims: boolean;
}

/** Milliseconds between two looks whether others have made room. */
const LOOK = 50;
const NONE: ReadonlySet<number> = new Set();
/** Somebody else has decided on the message that a write would have let through. */
export const HOLD_ENDED: DaggerError = new DaggerError('REVIEW_UNKNOWN', 'somebody else decided');

/** The groups for which something is published. */
const receivingIn = ({ routed }: Plan): ReadonlySet<number> => {
  const found = new Set<number>();
  for (const ways of routed.values())
    for (const { groups } of ways) for (const { id } of groups) found.add(id);
  return found;
};

/** Deliveries that are given back in one transaction. */
const MOST_RETURNS = 1_000;

/**
 * Group commit: what is asked for while a transaction is under way, or within one turn of the event loop, goes down in the
 * next one, and nobody hears of it before that is durable. Claims ride along.
 */
export class Commits {
  readonly #options: CommitsOptions;
  readonly #room: Room = new Room();
  #writes: Write[] = [];
  #returns: ReturnEntry[] = [];
  #blocked: readonly Blocked[] = [];
  /** Those that the transaction under way may find room for, and those of them that are not to wait any longer. */
  #passing: readonly Blocked[] = [];
  readonly #refusals: Map<Write, Failure> = new Map();
  #progress = 0;
  #looks = false;
  #cancelLook: (() => void) | undefined;
  #running = false;
  #asked = false;
  #idle: (() => void)[] = [];

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /** What waits for room, the oldest first. */
  get waiting(): readonly Blocked[] {
    return [...this.#passing, ...this.#blocked];
  }

  /** Whether something is not decided yet. */
  get isBusy(): boolean {
    return this.#running || this.#asked;
  }

  /** Grows whenever deliveries are done, given back or claimed. */
  get progress(): number {
    return this.#progress;
  }

  write(write: Write): void {
    this.#writes.push(write);
    this.ask();
  }

  giveBack(entry: ReturnEntry): void {
    this.#returns.push(entry);
    this.ask();
  }

  /** Ends the waiting of a write; what finds room in the transaction under way is not touched. */
  refuse(write: Write, failure: Failure): void {
    const isOther = (each: Write): boolean => each !== write;
    const blocked = this.#blocked.filter((each) => isOther(each.write));
    const writes = this.#writes.filter(isOther);
    if (blocked.length === this.#blocked.length && writes.length === this.#writes.length) {
      this.#refusals.set(write, failure);
      return;
    }
    this.#blocked = blocked;
    this.#writes = writes;
    write.settle(failure);
  }

  /** Sees to it that a commit follows, if only to claim. */
  ask(): void {
    if (this.#asked || this.#running) return;
    this.#asked = true;
    setImmediate(() => {
      this.#asked = false;
      void this.#loop();
    });
  }

  /** Resolves when nothing is left to be committed but what waits for room. */
  async settled(): Promise<void> {
    while (this.#running || this.#asked) await new Promise<void>((done) => this.#idle.push(done));
  }

  /** What waits for room will not be committed. */
  refuseBlocked(error: unknown): void {
    this.#cancelLook?.();
    const blocked = this.#blocked;
    this.#blocked = [];
    for (const { write } of blocked) write.settle({ error });
  }

  async #loop(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { host } = this.#options;
    for (;;) {
      await host.between();
      const isAsked = this.#writes.length > 0 || this.#returns.length > 0;
      const looks = this.#looks && this.#blocked.length > 0;
      if (!isAsked && !looks && host.demands([], NONE).length === 0) break;
      this.#looks = false;
      const writes = [...this.#blocked.map(({ write }) => write), ...this.#writes];
      this.#passing = this.#blocked;
      this.#blocked = [];
      this.#writes = [];
      await this.#commit({ writes, returns: this.#returns.splice(0, MOST_RETURNS), claims: true });
      this.#passing = [];
      this.#refusals.clear();
      // Timers and those who were told get their turn, and what they ask for goes down together.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = false;
    if (this.#blocked.length > 0) this.#lookLater();
    for (const done of this.#idle.splice(0)) done();
  }

  #lookLater(): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#options.clock.after(LOOK, () => {
      this.#looks = true;
      this.ask();
    });
  }

  async #commit(work: Work): Promise<void> {
    const { storage, clock, host } = this.#options;
    const pauses = new Pauses(clock);
    let again = false;
    for (;;) {
      let plan: Plan | undefined;
      try {
        plan = await this.#plan(work.writes);
        const over = [
          ...plan.admitted.flatMap(({ delivery }) => delivery ?? []),
          ...work.returns.flatMap(({ delivery }) => delivery ?? []),
        ];
        const demands = work.claims ? host.demands(over, receivingIn(plan)) : [];
        const isEmpty =
          plan.admitted.length === 0 && work.returns.length === 0 && demands.length === 0;
        if (isEmpty) {
          this.#defer(plan);
          return;
        }
        const done = await runBatch(storage, {
          plan,
          returns: work.returns,
          worker: host.worker(),
          demands,
          version: host.groups().version,
          again,
          recall: (offset) => host.recall(offset),
        });
        this.#tell(work, plan, done, demands);
        return;
      } catch (error) {
        if (error instanceof GroupsChanged) {
          await host.reloadGroups().catch(() => {});
          continue;
        }
        this.#room.forget();
        host.inDoubt();
        const isOver = isHopeless(storage, error);
        if (isOver && work.writes.length + work.returns.length > 1) {
          await this.#oneByOne(work);
          return;
        }
        if (isOver || !(await pauses.wait())) {
          this.#fail(work, storageFailed(storage, error));
          return;
        }
        again = true;
      }
    }
  }

  async #plan(writes: readonly Write[]): Promise<Plan> {
    const { storage, clock, host } = this.#options;
    const request = { writes, groups: host.groups(), room: this.#room };
    let now = clock.now();
    const counted = new Set<Group>();
    for (;;) {
      const plan = makePlan({ ...request, counted, now });
      if (plan.unsure.size === 0) return plan;
      for (const group of plan.unsure) counted.add(group);
      now = clock.now();
      await this.#room.count(storage, counted, now);
    }
  }

  /** One of several cannot be written: each by itself, so that it takes no other with it. */
  async #oneByOne({ writes, returns }: Work): Promise<void> {
    for (const write of writes) await this.#commit({ writes: [write], returns: [], claims: false });
    for (const entry of returns)
      await this.#commit({ writes: [], returns: [entry], claims: false });
  }

  #fail({ writes, returns }: Work, error: DaggerError): void {
    this.#options.logger('error', 'channels could not be stored', { error: error.message });
    for (const { settle } of writes) settle({ error });
    for (const { settle } of returns) settle({ error });
  }

  #defer({ blocked, later, refused }: Plan): void {
    const left: Blocked[] = [];
    for (const each of blocked) {
      const refusal = this.#refusals.get(each.write);
      if (refusal === undefined) left.push(each);
      else each.write.settle(refusal);
    }
    this.#blocked = [...this.#blocked, ...left];
    this.#writes = [...later, ...this.#writes];
    this.#passing = [];
    for (const { write, error } of refused) write.settle({ error });
  }

  #tell(work: Work, plan: Plan, done: Done, demands: readonly Demand[]): void {
    for (const [groupId, by] of done.growth) this.#room.add(groupId, by);
    for (const write of plan.admitted) {
      const { delivery } = write;
      if (!done.lost.has(write)) write.settle();
      else write.settle({ error: delivery === undefined ? HOLD_ENDED : deliveryLost(delivery) });
    }
    for (const { settle } of work.returns) settle();
    this.#defer(plan);
    const isAck = ({ delivery }: Write): boolean => delivery !== undefined;
    if (plan.admitted.some(isAck) || work.returns.length + done.claims.length > 0) this.#progress++;
    this.#options.host.committed(done, plan, demands);
  }
}
