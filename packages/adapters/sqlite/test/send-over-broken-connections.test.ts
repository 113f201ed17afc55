import { ActionRegistry, DagExecutor } from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { interposed, type Around } from './interposed.ts';
import { file } from './place.ts';

/** The pauses between two tries take no time. */
const clock = {
  now: () => Date.now(),
  after: (ms: number, wake: () => void) => {
    const timer = ms > 2_000 ? undefined : setImmediate(wake);
    return () => clearImmediate(timer);
  },
};

/** A run that waits for a person, and a clerk in another process, around whose writes something happens. */
const setup = async (around: (owner: DagExecutor) => Around) => {
  const place = file();
  const registry = new ActionRegistry([{ name: 'ok', execute: () => {} }]);
  const owner = await DagExecutor.open({ registry, storage: sqlite(place), clock });
  owner.add({
    name: 'g',
    nodes: [
      { id: 'review', action: 'human_interrupt' },
      { id: 'again', action: 'human_interrupt', dependencies: ['review'] },
    ],
  });
  await owner.run('g', { runId: 'r' });
  const storage = interposed(sqlite(place), around(owner));
  const clerk = await DagExecutor.open({ registry, storage, clock });
  onTestFinished(async () => {
    await clerk.close();
    await owner.close();
  });
  return { owner, clerk };
};

describe('a command that is sent over a connection that breaks', () => {
  it('is stored once when it was written [P51]', async () => {
    let broken = 0;
    const { owner, clerk } = await setup(() => async (work) => {
      await work();
      throw new Error(`the connection broke (${++broken})`);
    });
    expect(await clerk.approve('r', 'review')).toBe('stored');
    expect(broken).toBe(1);
    expect(await owner.pendingInputs('r')).toHaveLength(1);
    expect(await owner.resume('r')).toMatchObject({
      status: 'paused',
      counts: { succeeded: 1, waiting: 1 },
    });
  });

  it('is refused when it was not written', async () => {
    const { owner, clerk } = await setup(() => async () => {
      throw new Error('the connection broke');
    });
    await expect(clerk.approve('r', 'review')).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('the connection broke'),
      ids: { runId: 'r' },
    });
    expect(await owner.pendingInputs('r')).toEqual([]);
  });

  it('is known to be stored also when the run has taken it up by then, which carries it out once [P51]', async () => {
    let written = 0;
    const { owner, clerk } = await setup((other) => async (work) => {
      await work();
      written++;
      await other.resume('r');
      throw new Error('the connection broke');
    });
    await clerk.approve('r', 'review');
    expect(written).toBe(1);
    const { nodes, rejectedCommands } = await owner.report('r');
    expect(rejectedCommands).toEqual([]);
    expect(nodes['review']).toMatchObject({ status: 'succeeded' });
    expect(nodes['again']).toMatchObject({ status: 'waiting' });
    expect(await owner.pendingInputs('r')).toEqual([]);
  });
});
