import type { TaskManager } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { ok } from './agents.ts';
import type { Suite } from './world.ts';

const TASKS = [
  { key: 'a', agent: ok },
  { key: 'b', agent: ok, needs: ['a'] },
];

export const transactions = (suite: Suite): void => {
  it('a job that is started in a transaction of the caller is there when it commits, and runs', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const job = await manager.storage.transaction(async (trx) => {
      const started = await manager.startJob({ id: 'j', tasks: TASKS }, { trx });
      await manager.addTasks('j', [{ key: 'c', agent: ok }], { trx });
      return started;
    });
    expect(job.isNew).toBe(true);
    expect(await world.until(job.done)).toMatchObject({ success: true, counts: { total: 3 } });
  });

  it('nothing of it is there when the transaction is rolled back', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok], work: false });
    await manager.startJob({ id: 'there', open: true });
    const rolledBack = world.storage.transaction(async (trx) => {
      await manager.startJob({ id: 'j', state: { x: 1 }, tasks: TASKS }, { trx });
      await manager.addTasks('there', TASKS, { trx });
      await manager.cancelJob('there', 'no', { trx });
      throw new Error('roll back');
    });
    await expect(rolledBack).rejects.toThrow('roll back');
    expect(await manager.jobs()).toMatchObject([
      { id: 'there', status: 'running', counts: { total: 0 } },
    ]);
    expect(await manager.tasks()).toEqual([]);
    expect(await manager.jobState('j', 'x')).toBeUndefined();
  });

  it('a transaction that is begun on the database itself will do as well', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const job = await world.storage.db
      .transaction()
      .execute((trx) => manager.startJob({ id: 'j', tasks: TASKS }, { trx }));
    expect(await world.until(job.done)).toMatchObject({ success: true });
  });

  it('starting and adding the same again in another transaction changes nothing', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok], work: false });
    const start = async (): Promise<readonly boolean[]> =>
      world.storage.transaction(async (trx) => {
        const job = await manager.startJob({ id: 'j', tasks: TASKS }, { trx });
        const added = await manager.addTasks('j', [{ key: 'c', agent: ok }], { trx });
        return [job.isNew, ...added.map(({ isNew }) => isNew)];
      });
    expect([await start(), await start()]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect((await manager.job('j')).counts.total).toBe(3);
  });

  it('a refusal leaves the transaction to the caller', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok], work: false });
    await world.storage.transaction(async (trx) => {
      const refused = manager.startJob({ id: 'bad', tasks: [{ agent: 'nobody' }] }, { trx });
      await expect(refused).rejects.toMatchObject({ code: 'AGENT_UNKNOWN' });
      await manager.startJob({ id: 'good', tasks: TASKS }, { trx });
    });
    expect((await manager.jobs()).map(({ id }) => id)).toEqual(['good']);
  });

  it('a job that is cancelled in a transaction of the caller is over when it commits', async () => {
    const world = await suite.world();
    const manager: TaskManager = await world.manager({ agents: [ok], remoteAgents: ['elsewhere'] });
    const job = await manager.startJob({ id: 'j', tasks: [{ agent: 'elsewhere' }] });
    const { done } = job;
    await world.storage.transaction((trx) => manager.cancelJob('j', 'together', { trx }));
    expect(await world.until(done)).toMatchObject({ status: 'cancelled' });
  });

  it('after a manager was closed nothing is taken any more', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const job = await manager.startJob({ id: 'j', open: true });
    const { done } = job;
    await world.until(manager.close());
    await expect(done).rejects.toMatchObject({ code: 'MANAGER_CLOSED' });
    for (const call of [
      () => manager.startJob({ id: 'k' }),
      () => manager.addTasks('j', TASKS),
      () => manager.cancelJob('j'),
      () => world.storage.transaction((trx) => manager.startJob({ id: 'k' }, { trx })),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'MANAGER_CLOSED' });
  });
};
