import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { Overflow } from '../channel/options.ts';
import type { Message } from '../message/message.ts';
import { matches } from '../subject/subject.ts';
import { Router } from '../subject/router.ts';
import { tables, type GroupRow } from './tables.ts';

/** A group as the storage knows it. */
export interface Group {
  readonly id: number;
  readonly name: string;
  readonly patterns: readonly string[];
  readonly exceptFrom: ReadonlySet<string>;
  readonly capacity: number;
  readonly overflow: Overflow;
  /** The offset up to which its deliveries were made when this was read; null: whoever publishes makes them. */
  readonly position: number | null;
}

/** What a message shows of itself to those who look for its groups. */
export type Addressed = Pick<Message, 'channel' | 'source'>;

/** All groups at one moment. */
export class Groups {
  readonly version: number;
  readonly all: readonly Group[];
  readonly #byName: ReadonlyMap<string, Group>;
  readonly #live: Router<Group> = new Router();

  constructor(version: number, all: readonly Group[]) {
    this.version = version;
    this.all = all;
    this.#byName = new Map(all.map((group) => [group.name, group]));
    for (const group of all)
      if (group.position === null)
        for (const pattern of group.patterns) this.#live.add(pattern, group);
  }

  named(name: string): Group | undefined {
    return this.#byName.get(name);
  }

  /** Those for which whoever publishes makes the deliveries. */
  receiving(message: Addressed): readonly Group[] {
    const found = this.#live.match(message.channel);
    return message.source === null || found.every((group) => isFrom(group, message))
      ? found
      : found.filter((group) => isFrom(group, message));
  }
}

const isFrom = ({ exceptFrom }: Group, { source }: Addressed): boolean =>
  source === null || !exceptFrom.has(source);

/** Whether a message is for a group. */
export const isFor = (group: Group, message: Addressed): boolean =>
  isFrom(group, message) && group.patterns.some((pattern) => matches(pattern, message.channel));

export const readGroup = (row: Selectable<GroupRow>): Group => ({
  id: row.id,
  name: row.name,
  patterns: JSON.parse(row.patterns) as string[],
  exceptFrom: new Set(JSON.parse(row.except_from) as string[]),
  capacity: row.capacity,
  overflow: row.overflow as Overflow,
  position: row.position,
});

export const readGroups = async (storage: Storage): Promise<Groups> => {
  // First the version: what changes in between is read again.
  const version = await readVersion(storage.db);
  const rows = await tables(storage)
    .selectFrom('dagger_pubsub_groups')
    .selectAll()
    .orderBy('id')
    .execute();
  return new Groups(version, rows.map(readGroup));
};

export const readVersion = async (
  db: Kysely<CoreTables> | Transaction<CoreTables>,
): Promise<number> => {
  const { rows } = await sql<{ readonly version: number }>`
    select version from dagger_pubsub_state where id = 1`.execute(db);
  return rows[0]?.version ?? 0;
};

/** Whoever publishes reads the groups again. */
export const groupsChanged = async (trx: Transaction<CoreTables>): Promise<void> => {
  await sql`update dagger_pubsub_state set version = version + 1 where id = 1`.execute(trx);
};
