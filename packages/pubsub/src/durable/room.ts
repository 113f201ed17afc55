import type { Storage } from '@dagger/core';
import { sql } from 'kysely';
import type { Group } from './groups.ts';

/** Milliseconds for which a count is believed while others may publish. */
const BELIEVED = 50;

interface Count {
  undone: number;
  readonly at: number;
}

/**
 * How many deliveries of each group are not done, as far as is known here: counted now and then, and followed in between by
 * what this transport does. With several processes a group may so get some more than its capacity.
 */
export class Room {
  readonly #counts: Map<number, Count> = new Map();

  /** Undefined where it is not known, or not believed any more. */
  undone(groupId: number, now: number): number | undefined {
    const count = this.#counts.get(groupId);
    return count === undefined || now - count.at > BELIEVED ? undefined : count.undone;
  }

  add(groupId: number, by: number): void {
    const count = this.#counts.get(groupId);
    if (count !== undefined) count.undone = Math.max(0, count.undone + by);
  }

  /** It is not known what was committed. */
  forget(): void {
    this.#counts.clear();
  }

  async count(storage: Storage, groups: Iterable<Group>, now: number): Promise<void> {
    for (const { id, capacity } of groups) {
      // What lies far beyond need not be known exactly, unless the oldest are to go.
      const most = capacity * 2 + 1_000;
      const { rows } = await sql<{ readonly undone: number }>`select count(*) as undone from
        (select 1 from dagger_pubsub_deliveries where group_id = ${id} limit ${most}) as d`.execute(
        storage.db,
      );
      this.#counts.set(id, { undone: rows[0]?.undone ?? 0, at: now });
    }
  }
}
