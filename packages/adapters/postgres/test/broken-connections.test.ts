import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgres } from '../src/index.ts';
import { SERVER, serverIsMissing, terminate, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

const setup = (): { readonly storage: ReturnType<typeof postgres>; readonly name: string } => {
  const name = unusedSchema();
  const storage = postgres({ url: SERVER, applicationName: name });
  onTestFinished(() => storage.close());
  return { storage, name };
};

const answer = async ({ db }: ReturnType<typeof postgres>): Promise<unknown> =>
  (await sql<{ readonly n: number }>`select 1 as n`.execute(db)).rows[0]?.n;

/** The answer of the first connection that is whole: the pool may hear of broken ones a little later. */
const answerAtLast = async (storage: ReturnType<typeof postgres>): Promise<unknown> => {
  for (let i = 0; i < 20; i++) {
    try {
      return await answer(storage);
    } catch {
      // That one was broken.
    }
  }
  return 'nothing but broken connections';
};

describe.skipIf(missing !== undefined)(`a connection that breaks (${missing ?? 'server'})`, () => {
  it('while nobody uses it is replaced', async () => {
    const { storage, name } = setup();
    await Promise.all([answer(storage), answer(storage)]);
    expect(await terminate(name)).toBeGreaterThan(0);
    expect(await answerAtLast(storage)).toBe(1);
  });

  it('in a transaction makes it reject with the reason, and is replaced', async () => {
    const { storage, name } = setup();
    const broken = storage.transaction(async (trx) => {
      await Promise.all([sql`select pg_sleep(60)`.execute(trx), terminate(name)]);
    });
    await expect(broken).rejects.toThrow(/terminat|not queryable/i);
    expect(await answerAtLast(storage)).toBe(1);
  });

  it('while a transaction does something else leaves nothing behind and rejects', async () => {
    const { storage, name } = setup();
    const error = new Error('no');
    const broken = storage.transaction(async () => {
      await terminate(name);
      throw error;
    });
    await expect(broken).rejects.toBe(error);
    expect(await answerAtLast(storage)).toBe(1);
  });

  it('while it listens is made again, and whoever subscribed is woken', async () => {
    const { storage, name } = setup();
    let woken = 0;
    let heard = (): void => {};
    const next = async (): Promise<void> => new Promise((resolve) => (heard = resolve));
    await storage.subscribe?.('topic', () => {
      woken++;
      heard();
    });
    const reconnected = next();
    expect(await terminate(`${name} listen`)).toBe(1);
    await reconnected;
    expect(woken).toBe(1);
    const notified = next();
    await storage.notify?.(storage.db, 'topic');
    await notified;
    expect(woken).toBe(2);
  });
});
