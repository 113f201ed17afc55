import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { sql, type Transaction } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgres } from '../src/index.ts';
import { dropSchema, SERVER, serverIsMissing, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

type Trx = Transaction<never>;

const setup = async (): Promise<ReturnType<typeof postgres>> => {
  const schema = unusedSchema();
  const storage = postgres({ url: SERVER, schema });
  onTestFinished(async () => {
    await storage.close();
    await dropSchema(schema);
  });
  await sql`create schema ${sql.id(schema)}`.execute(storage.db);
  await sql`create table seen (n integer primary key)`.execute(storage.db);
  return storage;
};

/** What the client sends at the end of each statement with parameters. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);

interface Relay {
  readonly port: number;
  /** Keeps the answers back until so many more statements have arrived. */
  holdUntil(statements: number): void;
  close(): void;
}

/** Stands between the client and the server. */
const startRelay = async (): Promise<Relay> => {
  const { hostname, port } = new URL(SERVER);
  let awaited = 0;
  let held: (() => void)[] = [];
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const behind = connect(Number(port || 5432), hostname);
    sockets.push(client, behind);
    client.on('data', (data) => {
      for (let at = data.indexOf(SYNC); at !== -1; at = data.indexOf(SYNC, at + 1)) awaited--;
      behind.write(data);
      if (awaited <= 0) for (const answer of held.splice(0)) answer();
    });
    behind.on('data', (data) => {
      if (awaited > 0) held.push(() => client.write(data));
      else client.write(data);
    });
    for (const socket of [client, behind]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    holdUntil: (statements) => {
      awaited = statements;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      held = [];
    },
  };
};

const insert = (trx: unknown, n: number): Promise<unknown> =>
  sql`insert into seen values (${n})`.execute(trx as Trx);

const seen = async ({ db }: ReturnType<typeof postgres>): Promise<readonly number[]> =>
  (await sql<{ readonly n: number }>`select n from seen order by n`.execute(db)).rows.map(
    ({ n }) => n,
  );

describe.skipIf(missing !== undefined)(
  `statements of a transaction that are asked for together (${missing ?? 'server'})`,
  () => {
    it('are sent together: none waits for the answer of the one before', async () => {
      await setup();
      const relay = await startRelay();
      onTestFinished(() => relay.close());
      const storage = postgres({ url: SERVER, host: '127.0.0.1', port: relay.port });
      onTestFinished(() => storage.close());
      const numbers = await storage.transaction(async (trx) => {
        // From here on nothing is answered before three statements have arrived.
        relay.holdUntil(3);
        const asked = [1, 2, 3].map((n) =>
          sql<{ readonly n: number }>`select ${n}::int as n`.execute(trx),
        );
        return (await Promise.all(asked)).map(({ rows }) => rows[0]?.n);
      });
      expect(numbers).toEqual([1, 2, 3]);
    });

    it('are done in the order of asking', async () => {
      const storage = await setup();
      await storage.transaction(async (trx) => {
        const counts = [1, 2, 3].map(async (n) => {
          const inserted = insert(trx, n);
          const counted = sql<{ readonly n: number }>`select count(*)::int as n from seen`.execute(
            trx,
          );
          await inserted;
          return (await counted).rows[0]?.n;
        });
        expect(await Promise.all(counts)).toEqual([1, 2, 3]);
      });
      expect(await seen(storage)).toEqual([1, 2, 3]);
    });

    it('leave nothing behind when one fails, and reject with the reason of that one', async () => {
      const storage = await setup();
      const failing = storage.transaction(async (trx) => {
        await Promise.all([insert(trx, 1), insert(trx, 1), insert(trx, 2)]);
      });
      await expect(failing).rejects.toMatchObject({ code: '23505' });
      expect(await seen(storage)).toEqual([]);
      await storage.transaction((trx) => insert(trx, 3));
      expect(await seen(storage)).toEqual([3]);
    });

    it('are not committed when one fails whose error was swallowed', async () => {
      const storage = await setup();
      const failing = storage.transaction(async (trx) => {
        await insert(trx, 1);
        await insert(trx, 1).catch(() => {});
      });
      await expect(failing).rejects.toThrow(/rolled back/);
      expect(await seen(storage)).toEqual([]);
    });

    it('are taken back together when the work throws while they are under way', async () => {
      const storage = await setup();
      const failing = storage.transaction((trx) => {
        void insert(trx, 1);
        return Promise.reject(new Error('changed its mind'));
      });
      await expect(failing).rejects.toThrow('changed its mind');
      expect(await seen(storage)).toEqual([]);
    });
  },
);
