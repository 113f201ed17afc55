import { describe, expect, it } from 'vitest';
import { ManualClock, settle } from '../../test/clock.ts';
import { gate, type Gate } from '../../test/gate.ts';
import { ActionRegistry } from '../actions/registry.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { RunHandle } from '../executor/handle.ts';
import type { EventHook } from '../hooks/hook.ts';
import type { ExecutorCommand } from '../run/commands.ts';

/** A run whose node `w` waits for `release`; `b` comes after it. */
const setup = async (
  options: { readonly commandCapacity?: number; readonly hooks?: readonly EventHook[] } = {},
): Promise<{
  readonly run: RunHandle;
  readonly executor: DagExecutor;
  readonly ran: string[];
  readonly started: Gate;
  readonly release: Gate;
}> => {
  const ran: string[] = [];
  const started = gate();
  const release = gate();
  const registry = new ActionRegistry([
    { name: 'ok', execute: ({ nodeId }) => void ran.push(nodeId) },
    {
      name: 'wait',
      execute: async () => {
        started.open();
        await release.passed;
      },
    },
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock: new ManualClock(),
    config: { onFailure: 'continue' },
  });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'w', action: 'wait' },
      { id: 'b', action: 'ok', dependencies: ['w'] },
    ],
  });
  return {
    run: await executor.start('g', { runId: 'r', ...options }),
    executor,
    ran,
    started,
    release,
  };
};

const add = (id: string, ...deps: string[]): ExecutorCommand => ({
  type: 'AddNode',
  spec: { id, action: 'ok', deps },
});

describe('a command from outside', () => {
  it('is carried out when its promise resolves', async () => {
    const { run, ran, started, release } = await setup();
    await started.passed;
    await run.send(add('c'));
    expect(run.report().counts.total).toBe(3);
    release.open();
    expect((await run.done).counts.succeeded).toBe(3);
    expect(ran.toSorted()).toEqual(['b', 'c']);
  });

  it('may come before the run has begun, and the run goes on as usual', async () => {
    const { run, ran, release } = await setup();
    await run.send({ type: 'SetNodeInputs', nodeId: 'b', inputs: { x: 1 } });
    release.open();
    expect(await run.done).toMatchObject({
      status: 'succeeded',
      startedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(ran).toEqual(['b']);
  });

  it('that cannot be carried out rejects with the reason, and the run goes on', async () => {
    const { run, started, release } = await setup();
    await started.passed;
    await expect(run.send(add('c', 'nobody'))).rejects.toMatchObject({
      code: 'COMMAND_REJECTED',
      message: expect.stringContaining('nobody'),
    });
    await expect(run.send(null as never)).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
    release.open();
    expect((await run.done).counts).toMatchObject({ total: 2, succeeded: 2 });
  });

  it('to a run that has ended is refused', async () => {
    const { run, executor, release } = await setup();
    release.open();
    await run.done;
    await expect(run.send(add('c'))).rejects.toMatchObject({
      code: 'COMMAND_REJECTED',
      message: "run 'r' has ended",
      ids: { runId: 'r' },
    });
    const again = await executor.start('g', { runId: 'r' });
    await expect(again.send(add('c'))).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
  });

  it('waits in line when commandCapacity commands wait already, and all are carried out in order', async () => {
    const { run, ran, started, release } = await setup({ commandCapacity: 1 });
    await started.passed;
    const done: number[] = [];
    const sent = Array.from({ length: 50 }, (_, i) =>
      run.send(add(`n${i}`, ...(i === 0 ? [] : [`n${i - 1}`]))).then(() => done.push(i)),
    );
    await Promise.all(sent);
    release.open();
    await run.done;
    expect(done).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(ran).toContain('n49');
  });

  it('resumes a branch that was paused, while something else still runs', async () => {
    const { run, ran, started, release } = await setup();
    await started.passed;
    await run.send(add('c'));
    await settle();
    await run.send({ type: 'PauseBranch', branchId: 'b', reason: 'wait' });
    await run.send(add('d', 'b'));
    await run.send({ type: 'ResumeBranch', branchId: 'b' });
    release.open();
    expect((await run.done).status).toBe('succeeded');
    expect(ran).toEqual(['c', 'b', 'd']);
  });

  it.each([
    ['eventCapacity', 0],
    ['commandCapacity', 1.5],
    ['maxParallelNodes', -1],
    ['maxParallelNodes', NaN],
  ])(
    'or an event has no room with %s %d: that is refused before anything runs',
    async (name, value) => {
      const { executor, ran, release } = await setup();
      release.open();
      const run = executor.run('g', { [name]: value });
      const ended = Promise.race([run, settle().then(() => 'hung')]);
      await expect(ended).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: `${name} must be a whole number of at least 1, not ${value}`,
      });
      expect(ran.length).toBeLessThan(2);
    },
  );
});

describe('closing the executor', () => {
  it('rejects the commands that wait, those in line too', async () => {
    const { run, executor, started } = await setup({ commandCapacity: 1, hooks: [] });
    await started.passed;
    await executor.close();
    await expect(run.send(add('c'))).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
  });
});
