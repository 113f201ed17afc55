import { DaggerError, type Clock, type Logger, type Storage } from '@dagger/core';
import type { Delivery, SubscribeOptions } from '../transport/transport.ts';
import type { KnownGroups } from './known-groups.ts';
import type { LocalGroups } from './local-groups.ts';
import type { Member } from './member.ts';
import { forgetMember, noteMember } from './membership.ts';
import { patiently } from './patience.ts';
import { registerGroup } from './register.ts';
import { removeGroup, type RemoveGroupOptions } from './remove-group.ts';
import type { Worker } from './worker.ts';

export interface MembershipsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly known: KnownGroups;
  readonly local: LocalGroups;
  readonly worker: Worker;
  /** @throws DaggerError BUS_CLOSED */
  readonly mustBeOpen: () => void;
}

/** Members come and go one after the other, so that what is noted of them in the database is what is so here. */
export class Memberships {
  readonly #options: MembershipsOptions;
  #last: Promise<unknown> = Promise.resolve();
  #isForgetting = false;

  constructor(options: MembershipsOptions) {
    this.#options = options;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Resolves when all that was asked for is done. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** @throws DaggerError STORAGE_FAILED, BUS_CLOSED */
  join(options: SubscribeOptions, deliver: (delivery: Delivery) => void): Promise<Member> {
    return this.#inTurn(async () => {
      const { storage, clock, known, local, worker, mustBeOpen } = this.#options;
      await worker.register();
      const { id } = worker;
      await patiently(storage, clock, () =>
        registerGroup(storage, options, { now: clock.now(), worker: id }),
      );
      await patiently(storage, clock, () => known.reload());
      mustBeOpen();
      const group = known.current.named(options.group);
      if (group === undefined)
        throw new DaggerError('STORAGE_FAILED', `group '${options.group}' was removed meanwhile`);
      const member = local.join(group, options, deliver);
      if (worker.id !== id) await this.#noteAll();
      return member;
    });
  }

  /** It looked dead meanwhile, and goes on under another number. */
  async #noteAll(): Promise<void> {
    const { storage, clock, local, worker } = this.#options;
    const { id } = worker;
    // Whoever has no number yet notes it with that.
    if (id === undefined) return;
    await patiently(storage, clock, () =>
      storage.transaction((trx) => noteMember(trx, storage, { worker: id, groups: local.ids })),
    );
  }

  /** What is noted of it goes by itself, for all that leave together. */
  leave(member: Member): void {
    const { local, logger, storage, worker } = this.#options;
    local.leave(member);
    if (this.#isForgetting || local.find(member.group.id) !== undefined) return;
    this.#isForgetting = true;
    this.#inTurn(async () => {
      this.#isForgetting = false;
      const { id } = worker;
      if (id !== undefined) await forgetMember(storage, { worker: id, groups: local.ids });
    }).catch((error: unknown) => {
      logger('warn', 'that a group has no member here any more could not be noted', {
        group: member.group.name,
        error: error instanceof Error ? error.message : String(error),
      });
    });
  }

  /** See `StorageTransport.removeGroup`. */
  remove(name: string, { force = false }: RemoveGroupOptions): Promise<number> {
    return this.#inTurn(async () => {
      const { storage, clock, worker } = this.#options;
      const undone = await removeGroup({ storage, clock, name, force, own: worker.id });
      await this.reload();
      return undone;
    });
  }

  /** Reads the groups again, and lets go of the members of those that were removed. */
  async reload(): Promise<void> {
    const { known, local, logger } = this.#options;
    await known.reload();
    for (const { id, name } of local.removed(known.current))
      logger('error', 'a group was removed: its members here receive nothing any more', {
        group: name,
        id,
      });
  }
}
