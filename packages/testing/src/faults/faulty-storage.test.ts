import { ActionRegistry, DagExecutor, type Storage } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SimulatedClock } from '../simulated-clock.ts';
import { faultyStorage, type FaultyStorage } from './faulty-storage.ts';
import type { FaultPlan } from './plan.ts';

const setup = async (
  plan: FaultPlan | readonly FaultPlan[],
): Promise<{
  readonly storage: FaultyStorage;
  readonly clock: SimulatedClock;
  /** Writes a row by a statement of its own. */
  readonly write: (hash: string) => Promise<unknown>;
  /** Writes two rows in a transaction. */
  readonly writeTwo: (hash: string) => Promise<unknown>;
  /** What is written. */
  readonly rows: () => Promise<readonly string[]>;
}> => {
  const inner = sqlite(':memory:');
  await DagExecutor.open({ registry: new ActionRegistry(), storage: inner });
  const clock = new SimulatedClock();
  const storage = faultyStorage(inner, plan, { clock });
  onTestFinished(() => storage.close());
  const insert = (db: Storage['db'], hash: string): Promise<unknown> =>
    db.insertInto('dagger_definitions').values({ hash, body: '' }).execute();
  return {
    storage,
    clock,
    write: (hash) => insert(storage.db, hash),
    writeTwo: (hash) =>
      storage.transaction(async (trx) => {
        await insert(trx, `${hash}1`);
        await insert(trx, `${hash}2`);
      }),
    rows: async () => {
      const found = await storage.db.selectFrom('dagger_definitions').select('hash').execute();
      return found.map(({ hash }) => hash).toSorted();
    },
  };
};

/** Each write in turn; what became of it. */
const all = async (
  write: (hash: string) => Promise<unknown>,
  names: string,
): Promise<unknown[]> => {
  const ends: unknown[] = [];
  for (const name of names) {
    ends.push(
      await write(name).then(
        () => 'written',
        (error: unknown) => (error as { readonly code: string }).code,
      ),
    );
  }
  return ends;
};

describe('a faulty storage', () => {
  it('that fails before a commit has not written, and works again at the next', async () => {
    const { storage, write, rows } = await setup({ fault: { type: 'fail-before' }, at: [2] });
    expect(await all(write, 'abc')).toEqual(['written', 'SQLITE_FULL', 'written']);
    expect(await rows()).toEqual(['a', 'c']);
    expect(storage.commits).toBe(3);
    expect(storage.injected).toEqual([{ commit: 2, fault: { type: 'fail-before' } }]);
  });

  it('that throws after a commit has written', async () => {
    const plan: FaultPlan = { fault: { type: 'commit-then-throw' }, every: 2 };
    const { write, writeTwo, rows } = await setup(plan);
    expect(await all(write, 'ab')).toEqual(['written', 'CONNECTION_LOST']);
    expect(await all(writeTwo, 'cd')).toEqual(['written', 'CONNECTION_LOST']);
    expect(await rows()).toEqual(['a', 'b', 'c1', 'c2', 'd1', 'd2']);
  });

  it('that is busy says so a number of times, then works', async () => {
    const { write, rows } = await setup({ fault: { type: 'busy', times: 2 }, at: [2] });
    expect(await all(write, 'abbb')).toEqual(['written', 'SQLITE_BUSY', 'SQLITE_BUSY', 'written']);
    expect(await rows()).toEqual(['a', 'b']);
  });

  it('that is slow writes when the time has come, and lets reads pass', async () => {
    const { clock, write, rows } = await setup({ fault: { type: 'slow', ms: 300 }, at: [1] });
    const written = write('a');
    await clock.advance(299);
    expect(await rows()).toEqual([]);
    await clock.advance(1);
    await written;
    expect(await rows()).toEqual(['a']);
  });

  it.each([1, 2, 9])(
    'that tears a transaction after %d statements has written nothing of it',
    async (after) => {
      const { write, writeTwo, rows } = await setup({ fault: { type: 'torn', after }, at: [2, 4] });
      expect(await all(write, 'a')).toEqual(['written']);
      expect(await all(writeTwo, 'bc')).toEqual(['CONNECTION_LOST', 'written']);
      expect(await all(write, 'de')).toEqual(['CONNECTION_LOST', 'written']);
      expect(await rows()).toEqual(['a', 'c1', 'c2', 'e']);
    },
  );

  it('hits the same commits for the same seed, about as many as the rate says', async () => {
    const hits = async (seed: number): Promise<readonly number[]> => {
      const plan: FaultPlan = { fault: { type: 'fail-before' }, seeded: { seed, rate: 0.25 } };
      const { storage, write } = await setup(plan);
      for (let i = 0; i < 400; i++) await write(String(i)).catch(() => {});
      return storage.injected.map(({ commit }) => commit);
    };
    const first = await hits(1);
    expect(await hits(1)).toEqual(first);
    expect(await hits(2)).not.toEqual(first);
    expect(first.length).toBeGreaterThan(60);
    expect(first.length).toBeLessThan(140);
  });

  it('takes several plans, the first that hits counts', async () => {
    const { write } = await setup([
      { fault: { type: 'busy' }, at: [2] },
      { fault: { type: 'fail-before' }, every: 2 },
    ]);
    expect(await all(write, 'abcd')).toEqual(['written', 'SQLITE_BUSY', 'written', 'SQLITE_FULL']);
  });

  it('is not counted for reads, for migrations, nor for a transaction that is begun on db', async () => {
    const { storage, rows } = await setup({ fault: { type: 'fail-before' }, every: 1 });
    await rows();
    await storage.db
      .transaction()
      .execute((trx) =>
        trx.insertInto('dagger_definitions').values({ hash: 'x', body: '' }).execute(),
      );
    expect(await rows()).toEqual(['x']);
    expect(storage.commits).toBe(0);
  });

  it('refuses a plan that hits nothing, or no commit that there is', () => {
    const fault = { type: 'fail-before' } as const;
    const storage = sqlite(':memory:');
    onTestFinished(() => storage.close());
    for (const plan of [
      { fault },
      { fault, at: [0] },
      { fault, every: 0.5 },
      { fault, seeded: { seed: 1, rate: 2 } },
    ]) {
      expect(() => faultyStorage(storage, plan)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    }
  });
});
