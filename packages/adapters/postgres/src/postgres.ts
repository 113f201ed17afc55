import type { CoreTables, Storage, StorageAbilities } from '@dagger/core';
import { Kysely, sql } from 'kysely';
import { Pool, type ClientBase } from 'pg';
import { readAddress, type PostgresOptions } from './address.ts';
import { channelOf } from './channel.ts';
import { PoolDriver, poolDialect } from './driver.ts';
import { makeListener } from './listener.ts';
import { migrate } from './migrate.ts';
import { isPermanent } from './permanent.ts';
import { pipelined } from './pipelined.ts';
import { UnderWay } from './under-way.ts';

const ABILITIES: StorageAbilities = {
  skipLocked: true,
  notify: true,
  rowLocks: true,
  binaryType: 'bytea',
  byteOrder: 'C',
  jsonEach: 'json_array_elements',
};

/**
 * What our SQL relies on, whatever the server's defaults are: statements outside of transactions see what was committed
 * before each of them, and tables without a schema are ours.
 */
const prepareSession =
  (schema: string | undefined): ((client: ClientBase) => unknown) =>
  async (client) => {
    await client.query("set default_transaction_isolation = 'read committed'");
    if (schema === undefined) return;
    await client.query("select set_config('search_path', $1, false)", [
      `"${schema.replaceAll('"', '""')}"`,
    ]);
  };

/**
 * Storage in a PostgreSQL database, for any number of processes and machines. Takes a URL
 * (`postgres://user:password@host:port/database?schema=dagger&max=20`) or options. Connects at the first use.
 * @throws DaggerError STORAGE_URL; whatever connects rejects with STORAGE_FAILED when it cannot
 */
export const postgres = (given: string | PostgresOptions): Storage => {
  const { client, max, connectTimeout, schema, location, url } = readAddress(given);
  const pool = new Pool({
    ...client,
    max,
    pipeline: true,
    connectionTimeoutMillis: connectTimeout,
    // Typed as if nobody waited for it, but the pool does.
    onConnect: prepareSession(schema),
  });
  // A connection that breaks while nobody uses it: the pool has dropped it already.
  pool.on('error', () => {});
  // One that breaks in use: its query rejects; without a listener the process would die of it.
  pool.on('connect', (made) => made.on('error', () => {}));
  const underWay = new UnderWay(location);
  const driver = new PoolDriver(pool, location, underWay);
  const dialect = poolDialect(driver);
  const db = new Kysely<CoreTables>({ dialect });
  const ready = driver.init();
  const listener = makeListener(
    {
      ...client,
      application_name: `${client.application_name ?? ''} listen`,
      connectionTimeoutMillis: connectTimeout,
    },
    location,
  );
  const channel = (topic: string): string => channelOf(schema ?? 'public', topic);
  let closing: Promise<void> | undefined;
  return {
    db,
    location,
    ...(url === undefined ? {} : { url }),
    abilities: ABILITIES,
    migrate: (set) => migrate(db, set, ABILITIES, schema),
    isPermanent,
    async transaction(work) {
      await ready;
      return pipelined(db, { driver, dialect }, work);
    },
    subscribe: (topic, wake) => listener.listen(channel(topic), wake),
    async notify(on, topic) {
      await sql`select pg_notify(${channel(topic)}, '')`.execute(on);
    },
    // Kysely's own end is not used: it would answer later calls with an error that is not ours.
    close: async () =>
      (closing ??= Promise.all([listener.close(), underWay.drain().then(() => pool.end())]).then(
        () => {},
      )),
  };
};
