import { DaggerError, type Clock, type CoreTables, type Storage } from '@dagger/core';
import { sql, type Transaction } from 'kysely';
import { TOPIC } from './batch.ts';
import { countAheadOf } from './group-status.ts';
import { groupUnknown } from './group-unknown.ts';
import { groupsChanged } from './groups.ts';
import { lockAlone } from './locks.ts';
import { ownersOf } from './membership.ts';
import { patiently } from './patience.ts';

export interface RemoveGroupOptions {
  /** Also while somebody reads it. Default false. */
  readonly force?: boolean | undefined;
}

export interface RemoveGroup {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly name: string;
  readonly force: boolean;
  /** The number of the transport that asks, where it is a worker. */
  readonly own: number | undefined;
}

/** A group that is removed with the transaction under way, or was with one whose answer did not come. */
interface Removal {
  readonly id: number;
  readonly deliveries: number;
}

/** Those who read it; undefined: there is no such group. */
type Outcome = Removal | readonly string[] | undefined;

/**
 * Removes a group and its deliveries.
 * @returns how many messages it was not done with
 * @throws DaggerError GROUP_UNKNOWN, GROUP_BUSY, STORAGE_FAILED
 */
export const removeGroup = async (request: RemoveGroup): Promise<number> => {
  const { storage, clock, name } = request;
  const ahead = await countAheadOf(storage, name);
  let before: Removal | undefined;
  const outcome = await patiently(storage, clock, () =>
    storage.transaction(async (trx): Promise<Outcome> => {
      // Nobody publishes or joins meanwhile.
      await lockAlone(trx, storage);
      const id = await idOf(trx, name);
      if (id === undefined || (before !== undefined && id !== before.id)) return before;
      const owners = request.force
        ? []
        : await ownersOf(trx, id, { now: clock.now(), own: request.own });
      if (owners.length > 0) return owners;
      before = { id, deliveries: await remove(trx, id) };
      await storage.notify?.(trx, TOPIC);
      return before;
    }),
  );
  if (outcome === undefined) throw await groupUnknown(storage, name);
  if (!('id' in outcome)) throw groupBusy(name, outcome);
  return ahead + outcome.deliveries;
};

const idOf = async (trx: Transaction<CoreTables>, name: string): Promise<number | undefined> => {
  const { rows } = await sql<{ readonly id: number }>`
    select id from dagger_pubsub_groups where name = ${name}`.execute(trx);
  return rows[0]?.id;
};

/** @returns how many deliveries it had */
const remove = async (trx: Transaction<CoreTables>, id: number): Promise<number> => {
  const { numAffectedRows = 0n } =
    await sql`delete from dagger_pubsub_deliveries where group_id = ${id}`.execute(trx);
  await sql`delete from dagger_pubsub_members where group_id = ${id}`.execute(trx);
  await sql`delete from dagger_pubsub_groups where id = ${id}`.execute(trx);
  await groupsChanged(trx);
  return Number(numAffectedRows);
};

/** Processes that are named. */
const MOST_NAMES = 3;

const groupBusy = (name: string, owners: readonly string[]): DaggerError => {
  const processes = [...new Set(owners.map((owner) => owner.split('#', 2).join('#')))];
  const named = processes.slice(0, MOST_NAMES).map((each) => {
    const [host = '', pid = ''] = each.split('#');
    return `process ${pid} on ${host}`;
  });
  const more = processes.length - named.length;
  return new DaggerError(
    'GROUP_BUSY',
    `group '${name}' is read by ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: stop that first, or use force`,
    { ids: { agent: name }, recoverable: true },
  );
};
