import type { MigrationSet, Storage } from '@dagger/core';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import type { StorageContract } from './features.ts';
import { openPlace } from './place.ts';

/** A set whose steps make a table each and note that they did; the step that is named fails after it. */
const counting = (
  ran: string[],
  steps: readonly string[],
  options: { readonly name?: string; readonly failing?: string } = {},
): MigrationSet => ({
  name: options.name ?? 'mine',
  migrations: Object.fromEntries(
    steps.map((step) => [
      step,
      {
        async up(db) {
          await db.schema
            .createTable(`${options.name ?? 'mine'}_${step}`)
            .addColumn('id', 'integer')
            .execute();
          if (step === options.failing) throw new Error(`${step} failed`);
          ran.push(step);
        },
      },
    ]),
  ),
});

/**
 * The tables of a set of migrations that a statement finds. The catalogue would also list those of other schemas.
 */
const tables = async (storage: Storage, name: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const step of ['0001_a', '0002_b', '0003_c']) {
    const table = `${name}_${step}`;
    try {
      await sql`select id from ${sql.table(table)}`.execute(storage.db);
      found.push(table);
    } catch (error) {
      expect(String(error)).toMatch(/no such table|does not exist/);
    }
  }
  return found;
};

export const migrations = (contract: StorageContract): void => {
  it('are applied in the order of their names, each once', async () => {
    const { storage } = await openPlace(contract);
    const ran: string[] = [];
    await storage.migrate(counting(ran, ['0002_b', '0001_a']));
    await storage.migrate(counting(ran, ['0001_a', '0002_b']));
    await storage.migrate(counting(ran, ['0001_a', '0002_b', '0003_c']));
    expect(ran).toEqual(['0001_a', '0002_b', '0003_c']);
    expect(await tables(storage, 'mine')).toEqual(['mine_0001_a', 'mine_0002_b', 'mine_0003_c']);
  });

  it('of packages that call their steps alike do not get in the way of each other', async () => {
    const { storage } = await openPlace(contract);
    const ran: string[] = [];
    await Promise.all([
      storage.migrate(counting(ran, ['0001_a'], { name: 'one' })),
      storage.migrate(counting(ran, ['0001_a'], { name: 'two' })),
    ]);
    expect(await tables(storage, 'one')).toEqual(['one_0001_a']);
    expect(await tables(storage, 'two')).toEqual(['two_0001_a']);
    expect(ran).toEqual(['0001_a', '0001_a']);
  });

  it('that fail say which, leave nothing behind, and may be tried again', async () => {
    const { storage } = await openPlace(contract);
    const ran: string[] = [];
    const steps = ['0001_a', '0002_b'];
    await expect(
      storage.migrate(counting(ran, steps, { failing: '0002_b' })),
    ).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: 'the tables of mine could not be brought up to date: 0002_b failed',
      cause: { message: '0002_b failed' },
    });
    expect(await tables(storage, 'mine')).toEqual([]);
    await storage.migrate(counting(ran, steps));
    expect(ran).toEqual(['0001_a', '0001_a', '0002_b']);
    expect(await tables(storage, 'mine')).toEqual(['mine_0001_a', 'mine_0002_b']);
  });

  it('that several ask for at the same time are applied once [P85]', async () => {
    const { storage, beside } = await openPlace(contract);
    const ran: string[] = [];
    const all = [storage, await beside(), await beside(), await beside()];
    await Promise.all(all.map(async (each) => each.migrate(counting(ran, ['0001_a', '0002_b']))));
    expect(ran.filter((step) => step === '0002_b')).toHaveLength(1);
    expect(await tables(storage, 'mine')).toEqual(['mine_0001_a', 'mine_0002_b']);
  });
};
