import type { Storage } from '@dagger/core';
import { sql } from 'kysely';
import { matches } from '../subject/subject.ts';
import { readGroups } from './groups.ts';

/** A channel that has messages in the database. */
export interface StoredChannel {
  readonly name: string;
  readonly messages: number;
  /** The offset of the latest. */
  readonly lastOffset: number;
  /** When the latest was published, in milliseconds since the Unix epoch. */
  readonly lastTime: number;
  /** The names of the groups that read it. */
  readonly groups: readonly string[];
}

/** The channels that have messages, by their names. */
export const readChannels = async (storage: Storage): Promise<readonly StoredChannel[]> => {
  const { rows } = await sql<{
    readonly channel: string;
    readonly messages: number;
    readonly last_offset: number;
    readonly last_time: number;
  }>`select channel, count(*) as messages, max(seq) as last_offset, max(time) as last_time
    from dagger_pubsub_messages group by channel order by channel`.execute(storage.db);
  const { all } = await readGroups(storage);
  return rows.map((row) => ({
    name: row.channel,
    messages: row.messages,
    lastOffset: row.last_offset,
    lastTime: row.last_time,
    groups: all
      .filter(({ patterns }) => patterns.some((pattern) => matches(pattern, row.channel)))
      .map(({ name }) => name)
      .toSorted(),
  }));
};
