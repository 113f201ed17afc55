import type { DagExecutor, Storage } from '@dagger/core';
import { expect, it } from 'vitest';
import { journalOf, muchLater, newWorld, openExecutor, type World } from './engine.ts';
import type { StorageContract } from './features.ts';
import { openPlace } from './place.ts';
import { settle } from './signals.ts';

/** Raises the fence as a claim does. */
const takeOver = async (db: Storage['db'], runId: string): Promise<void> => {
  await db
    .updateTable('dagger_runs')
    .set((eb) => ({ fence: eb('fence', '+', 1), owner: 'elsewhere#1#x' }))
    .where('id', '=', runId)
    .execute();
};

export const ownership = (contract: StorageContract): void => {
  /** Two executors on the same data; the first has begun the run `r` and waits in its node `w`. */
  const setup = async (): Promise<{
    readonly storage: Storage;
    readonly other: Storage;
    readonly world: World;
    readonly run: Awaited<ReturnType<DagExecutor['start']>>;
    readonly second: DagExecutor;
  }> => {
    const { storage, beside } = await openPlace(contract);
    const world = newWorld();
    const other = await beside();
    const second = await openExecutor(other, world);
    const run = await (await openExecutor(storage, world)).start('waiting', { runId: 'r' });
    run.done.catch(() => {});
    await world.waiting.passed;
    return { storage, other, world, run, second };
  };

  it('of one that is new goes to one of those who ask at the same time', async () => {
    const { storage, beside } = await openPlace(contract);
    const world = newWorld();
    const executors = await Promise.all(
      [storage, await beside(), await beside()].map(async (each) => openExecutor(each, world)),
    );
    const asked = executors.map(async (executor) => executor.run('waiting', { runId: 'r' }));
    const refused = Promise.all(
      asked.map(async (run) => run.catch((error: unknown) => (world.release.open(), error))),
    );
    const results = (await refused) as { readonly code?: string; readonly status?: string }[];
    expect(results.map(({ code, status }) => code ?? `${status}`).toSorted()).toEqual([
      'RUN_OWNED',
      'RUN_OWNED',
      'succeeded',
    ]);
    expect(world.ran).toEqual(['a', 'w', 'b']);
  });

  it('is refused to others while the lease runs, who may look [P52]', async () => {
    const { second, world, run } = await setup();
    for (const attempt of [second.run('waiting', { runId: 'r' }), second.resume('r')])
      await expect(attempt).rejects.toMatchObject({ code: 'RUN_OWNED', recoverable: true });
    expect(await second.listRuns()).toMatchObject([{ runId: 'r', owned: true }]);
    expect((await second.report('r')).counts).toMatchObject({ succeeded: 1, running: 1 });
    world.release.open();
    expect((await run.done).status).toBe('succeeded');
    expect(await second.listRuns()).toMatchObject([{ status: 'succeeded', owned: false }]);
  });

  it('passes on when the lease has run out, and the first owner can write nothing more [P57] [P90]', async () => {
    const { storage, other, world, run } = await setup();
    const later = await openExecutor(other, world, { clock: muchLater });
    const resumed = await later.startResume('r');
    world.release.open();
    expect((await resumed.done).status).toBe('succeeded');
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
    const report = await later.report('r');
    expect(report.counts).toMatchObject({ succeeded: 3 });
    expect(report.nodes['w']).toMatchObject({ attempts: 2 });
    const seqs = (await journalOf(storage, 'r')).map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
    expect(world.ran).toEqual(['a', 'w', 'w', 'b']);
  });

  it('goes to one of those who claim at the same time [P53]', async () => {
    const { storage, world, run } = await setup();
    await storage.db.updateTable('dagger_runs').set({ lease_until: 0 }).execute();
    const executors = await Promise.all(
      [storage, storage, storage, storage].map(async (each) => openExecutor(each, world)),
    );
    const claims = await Promise.allSettled(
      executors.map(async (executor) => executor.startResume('r')),
    );
    const lost = claims.flatMap((claim) =>
      claim.status === 'rejected' ? [(claim.reason as { readonly code?: string }).code] : [],
    );
    expect(lost).toEqual(['RUN_OWNED', 'RUN_OWNED', 'RUN_OWNED']);
    world.release.open();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
    const won = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value.done] : []));
    expect((await Promise.all(won)).map(({ status }) => status)).toEqual(['succeeded']);
    expect(world.ran.filter((id) => id === 'b')).toHaveLength(1);
  });

  it('that is lost leaves nothing of what is written after [P57]', async () => {
    const { storage, other, world, run } = await setup();
    await takeOver(other.db, 'r');
    const before = [await journalOf(storage, 'r'), await rowOf(storage)];
    world.release.open();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST', ids: { runId: 'r' } });
    await settle();
    expect([await journalOf(storage, 'r'), await rowOf(storage)]).toEqual(before);
    expect(world.ran).toEqual(['a', 'w']);
  });

  it('that is lost while a write waits leaves nothing of that write [P57]', async () => {
    const { storage, other, world, run } = await setup();
    const before = await journalOf(storage, 'r');
    await other.transaction(async (trx) => {
      await takeOver(trx, 'r');
      world.release.open();
      // The write is on its way now. Where there is a second connection, looking gives it the time to get there.
      for (let i = 0; i < 20; i++) {
        await settle();
        await trx.selectFrom('dagger_journal').select('seq').execute();
      }
    });
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
    expect(await journalOf(storage, 'r')).toEqual(before);
  });
};

const rowOf = async (storage: Storage): Promise<unknown> =>
  storage.db.selectFrom('dagger_runs').selectAll().execute();
