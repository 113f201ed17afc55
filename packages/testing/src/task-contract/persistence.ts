import { TaskManager } from '@dagger/tasks';
import { expect, it, onTestFinished } from 'vitest';
import { whyNot } from '../storage-contract/features.ts';
import { held, ok } from './agents.ts';
import type { Suite } from './world.ts';

export const noPersistence = ({ contract }: Suite): void => {
  it(`is not kept: ${whyNot(contract.features.persistent)}`, async () => {
    const opened = await contract.open();
    await opened.storage.close();
    await opened.remove?.();
    expect(opened.reopen).toBeUndefined();
  });
};

export const persistence = ({ contract }: Suite): void => {
  it('is there at the next opening, and goes on', async () => {
    const place = await contract.open();
    const task = held('t');
    const open = { drainSeconds: 0, heartbeatThread: false, agents: [task.agent, ok] };
    const first = await TaskManager.open({ ...open, storage: place.storage });
    await first.startJob({
      id: 'j',
      state: { x: 1 },
      tasks: [
        { key: 'done', agent: ok },
        { key: 't', agent: 't', needs: ['done'] },
        { key: 'after', agent: ok, needs: ['t'] },
      ],
    });
    await task.begun;
    await first.close();
    await place.storage.close();
    const storage = await place.reopen?.();
    if (storage === undefined) throw new Error('a persistent storage has `reopen`');
    task.release();
    const second = await TaskManager.open({ ...open, storage });
    onTestFinished(async () => {
      await second.close();
      await storage.close();
      await place.remove?.();
    });
    const job = await second.openJob('j');
    expect(await job.done).toMatchObject({ success: true, outputs: { t: { n: 2 } } });
    expect(await job.state('x')).toBe(1);
    expect((await job.tasks()).map(({ runs }) => runs)).toEqual([1, 2, 1]);
    const told = (await second.history('j')).filter(({ type }) => type === 'TaskCompleted');
    expect(told).toHaveLength(3);
  });
};
