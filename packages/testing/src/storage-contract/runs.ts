import type { EventHook } from '@dagger/core';
import { expect, it } from 'vitest';
import { journalOf, newWorld, openExecutor } from './engine.ts';
import type { StorageContract } from './features.ts';
import { openPlace, type Place } from './place.ts';

export const runs = (contract: StorageContract): void => {
  /** A place, and another executor on its data: after a new opening where data is kept. */
  const setup = async (): Promise<Place & { readonly world: ReturnType<typeof newWorld> }> => {
    const place = await openPlace(contract);
    const again = async (): ReturnType<Place['reopen']> =>
      contract.features.persistent === true ? place.reopen() : place.storage;
    return { ...place, reopen: again, world: newWorld() };
  };

  it('that ended are told the same by an executor that did not see them', async () => {
    const { storage, reopen, world } = await setup();
    const live = await (await openExecutor(storage, world)).run('wide', { runId: 'r' });
    const later = await openExecutor(await reopen(), world);
    const stored = await later.report('r');
    expect(stored.toJSON()).toEqual(live.toJSON());
    expect(stored).toMatchObject({ status: 'succeeded', counts: { succeeded: 60 } });
    expect((await later.run('wide', { runId: 'r' })).status).toBe('succeeded');
    expect(world.ran).toHaveLength(60);
  });

  it('that failed go on where they stopped', async () => {
    const { storage, reopen, world } = await setup();
    world.broken = true;
    const failed = await (await openExecutor(storage, world)).run('chain', { runId: 'r' });
    expect(failed).toMatchObject({ status: 'paused', error: { message: 'broken' } });
    world.broken = false;
    const report = await (await openExecutor(await reopen(), world)).resume('r');
    expect(report).toMatchObject({ status: 'succeeded', error: null, counts: { succeeded: 3 } });
    expect(world.ran).toEqual(['a', 'f', 'f', 'b']);
  });

  it('keep their groups of events in order, without a gap', async () => {
    const { storage, world } = await setup();
    const executor = await openExecutor(storage, world, { config: { maxParallelNodes: 7 } });
    await Promise.all(['r1', 'r2', 'r3'].map(async (runId) => executor.run('wide', { runId })));
    for (const runId of ['r1', 'r2', 'r3']) {
      const rows = await journalOf(storage, runId);
      let next = 1;
      for (const { seq, body } of rows) {
        expect(seq).toBe(next);
        next += eventsIn(body);
      }
      expect(next).toBeGreaterThan(120);
    }
  });

  it('keep what they grew [P25]', async () => {
    const { storage, reopen, world } = await setup();
    const grow: EventHook = {
      events: ['NodeCompleted'],
      handle: (_, event) =>
        event.type === 'NodeCompleted' && event.nodeId === 'a'
          ? [{ type: 'AddNode', spec: { id: 'grown', action: 'ok', deps: ['a'] } }]
          : [],
    };
    const executor = await openExecutor(storage, world);
    const live = await executor.run('chain', { runId: 'r', hooks: [grow] });
    expect(live.nodes['grown']).toMatchObject({ status: 'succeeded' });
    const later = await openExecutor(await reopen(), world);
    expect((await later.report('r')).nodes['grown']).toMatchObject({ outputs: { from: 'grown' } });
    expect((await later.runGraph('r')).nodes.map(({ id }) => id)).toContain('grown');
  });

  it('keep every character and size of names, inputs and outputs', async () => {
    const { storage, reopen, world } = await setup();
    const value = { nul: 'a\u0000b', half: '\ud800', emoji: '🏳️‍🌈', large: 'é'.repeat(1_000_000) };
    const [dag, runId] = ['Grüße 世界 👋', 'Läufe/👋 1'];
    await (await openExecutor(storage, world)).run(dag, { runId, inputs: { value } });
    const later = await openExecutor(await reopen(), world);
    const report = await later.report(runId);
    expect(report.dag).toBe(dag);
    expect(report.nodes['é']?.outputs).toEqual({ echo: value });
    expect(await later.listRuns({ dag })).toMatchObject([{ runId, dag }]);
  });

  it('cannot be named with NUL, which is no error where they are looked for', async () => {
    const { storage, world } = await setup();
    const executor = await openExecutor(storage, world);
    await expect(executor.run('chain', { runId: 'a\0' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    for (const look of [executor.report('a\0'), executor.resume('a\0')])
      await expect(look).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    expect(await executor.listRuns({ dag: 'a\0' })).toEqual([]);
  });

  it('are listed, the most recent first', async () => {
    const { storage, world } = await setup();
    let now = 1_800_000_000_000;
    const clock = { now: () => now++, after: () => () => {} };
    const executor = await openExecutor(storage, world, { clock });
    for (const runId of ['r1', 'r2', 'r3']) await executor.run('wide', { runId });
    world.broken = true;
    await executor.run('chain', { runId: 'r4' });
    const list = async (filter: Parameters<typeof executor.listRuns>[0]): Promise<string[]> =>
      (await executor.listRuns(filter)).map(({ runId }) => runId);
    expect(await list({})).toEqual(['r4', 'r3', 'r2', 'r1']);
    expect(await list({ limit: 2 })).toEqual(['r4', 'r3']);
    expect(await list({ dag: 'wide', status: 'succeeded' })).toEqual(['r3', 'r2', 'r1']);
    expect(await list({ status: 'paused' })).toEqual(['r4']);
    expect(await executor.listRuns({ limit: 1 })).toMatchObject([
      { dag: 'chain', counts: { failed: 1 }, error: { message: 'broken' }, owned: false },
    ]);
  });
};

/** How many events a row of the journal holds: see the codec of core. */
const eventsIn = (body: string): number => {
  const items = JSON.parse(body) as readonly unknown[];
  let events = 0;
  for (let i = 1; i < items.length; events++) i += items[i] === 1 ? 3 : items[i] === 2 ? 4 : 1;
  return events;
};
