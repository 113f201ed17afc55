import { expect, it } from 'vitest';
import { broken, ok } from './agents.ts';
import type { Suite } from './world.ts';

const DAY = 86_400_000;

export const retention = (suite: Suite): void => {
  it('deletes jobs that are over, with everything of them, and nothing of the others', async () => {
    const world = await suite.world();
    const manager = await world.manager({
      agents: [ok, broken],
      work: true,
      remoteAgents: ['elsewhere'],
    });
    const tasks = [
      { key: 'a', agent: ok },
      { key: 'b', agent: ok, needs: ['a'] },
    ];
    await world.until((await manager.startJob({ id: 'over', state: { x: 1 }, tasks })).done);
    await manager.startJob({
      id: 'live',
      state: { x: 2 },
      tasks: [...tasks, { key: 'c', agent: 'elsewhere' }],
    });
    await world.quiet();
    expect(await manager.prune({})).toEqual({ jobs: 1 });
    await expect(manager.job('over')).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
    expect(await manager.tasks({ jobId: 'over' })).toEqual([]);
    expect(await manager.edges('over')).toEqual([]);
    expect(await manager.jobState('over', 'x')).toBeUndefined();
    for (const table of [
      'dagger_job_log',
      'dagger_job_state',
      'dagger_tasks',
      'dagger_task_edges',
    ] as const) {
      const rows = await world.storage.db
        .selectFrom(table as never)
        .selectAll()
        .execute();
      expect(rows.map((row: { readonly job_id?: unknown }) => row.job_id)).not.toContain('over');
    }
    expect(await manager.job('live')).toMatchObject({ counts: { total: 3 } });
    expect(await manager.jobState('live', 'x')).toBe(2);
    const again = await manager.startJob({ id: 'over', tasks });
    expect(again.isNew).toBe(true);
    expect(await world.until(again.done)).toMatchObject({ success: true });
  });

  it('keeps what is young, what is among the last, and what ended otherwise', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok, broken], pollMs: 3_600_000 });
    // Days pass without anybody working: the clock of the jobs alone moves.
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      const id = `j${i}`;
      ids.push(id);
      const job = await manager.startJob({ id, tasks: [{ agent: i === 1 ? broken : ok }] });
      await world.until(job.done);
      await world.pass(1_000);
    }
    const left = async (): Promise<readonly string[]> =>
      (await manager.jobs()).map(({ id }) => id).toReversed();
    expect(await manager.prune({ maxAgeDays: 1 })).toEqual({ jobs: 0 });
    expect(await manager.prune({ maxAgeDays: 2_500 / DAY, statuses: ['failed'] })).toEqual({
      jobs: 1,
    });
    expect(await left()).toEqual(['j0', 'j2', 'j3']);
    expect(await manager.prune({ maxJobs: 2 })).toEqual({ jobs: 1 });
    expect(await left()).toEqual(['j2', 'j3']);
    expect(await manager.prune({ maxAgeDays: 1_500 / DAY })).toEqual({ jobs: 1 });
    expect(await left()).toEqual(['j3']);
    expect(await manager.prune({ statuses: ['cancelled'] })).toEqual({ jobs: 0 });
  });

  it('tells those who wait for a job that it was deleted', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const other = await world.manager({ work: false, storage: await world.beside() });
    const job = await manager.startJob({ id: 'j', open: true });
    const waiting = await other.openJob('j');
    const { done } = waiting;
    await world.quiet();
    // In a transaction of the caller, so that nobody is told of the end itself.
    await world.storage.transaction((trx) => manager.cancelJob(job.id, 'no', { trx }));
    await manager.prune({});
    await expect(world.until(done)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  });

  it('deletes many in short steps', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok], work: false });
    for (let i = 0; i < 230; i++) await manager.startJob({ id: `j${i}` });
    await manager.startJob({ id: 'open', open: true });
    expect(await manager.prune({})).toEqual({ jobs: 230 });
    expect((await manager.jobs()).map(({ id }) => id)).toEqual(['open']);
  });
};
