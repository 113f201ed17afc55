import { ActionRegistry, DagExecutor, type ExecutionEvent } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { interposed, settle } from './interposed.ts';

/** An executor whose every write waits until the test lets it through. */
const setup = async (): Promise<{
  readonly executor: DagExecutor;
  readonly ran: string[];
  /** The nodes whose action has heard that it is cancelled. */
  readonly heard: string[];
  /** Waits for the next write to be asked for; the function lets it through. */
  readonly held: () => Promise<() => Promise<void>>;
  /** From here on no write waits. */
  readonly holdNoMore: () => void;
}> => {
  const writes: (() => void)[] = [];
  let holding = false;
  const storage = interposed(sqlite('sqlite::memory:'), async (work) => {
    if (holding) await new Promise<void>((resolve) => writes.push(resolve));
    return work();
  });
  const ran: string[] = [];
  const heard: string[] = [];
  const registry = new ActionRegistry([
    { name: 'ok', execute: ({ nodeId }) => void ran.push(nodeId) },
    {
      name: 'listen',
      execute: async ({ nodeId, signal }) => {
        ran.push(nodeId);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        heard.push(nodeId);
      },
    },
  ]);
  const executor = await DagExecutor.open({ registry, storage });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'a', action: 'ok' },
      { id: 'b', action: 'ok', dependencies: ['a'] },
    ],
  });
  executor.add({ name: 'listening', nodes: [{ id: 'l', action: 'listen' }] });
  holding = true;
  const held = async (): Promise<() => Promise<void>> => {
    for (let i = 0; i < 100 && writes.length === 0; i++) await settle(1);
    await settle();
    expect(writes).toHaveLength(1);
    return async () => {
      writes.shift()?.();
      await settle();
    };
  };
  return { executor, ran, heard, held, holdNoMore: () => void (holding = false) };
};

const brief = (event: ExecutionEvent): string =>
  'nodeId' in event ? `${event.type} ${event.nodeId}` : event.type;

describe('while a commit is under way', () => {
  it('nothing starts that follows from it, nobody is told of it, and the run does not resolve [P1] [P2]', async () => {
    const { executor, ran, held } = await setup();
    const told: string[] = [];
    const over = { ended: false };
    const starting = executor.start('g').then(async (run) => {
      run.events.subscribe((event) => void told.push(brief(event)));
      const report = await run.done;
      over.ended = true;
      return report;
    });
    const moments: unknown[] = [];
    while (!over.ended) {
      const release = await held();
      moments.push([[...ran], [...told]]);
      expect(over.ended).toBe(false);
      await release();
    }
    const begun = ['RunStarted', 'NodeStarted a'];
    const passed = [...begun, 'NodeCompleted a', 'NodeStarted b'];
    expect(moments).toEqual([
      [[], []], // the run itself
      [[], []], // its start, and that of a
      [['a'], begun], // the end of a, and the start of b
      [['a', 'b'], passed], // the end of b, maybe with that of the run
      ...(moments.length > 4
        ? [
            [
              ['a', 'b'],
              [...passed, 'NodeCompleted b'],
            ],
          ]
        : []),
    ]);
    expect((await starting).status).toBe('succeeded');
    expect(told.at(-1)).toBe('RunFinished');
  });

  it('a command from outside is not acknowledged [P3]', async () => {
    const { executor, held, holdNoMore } = await setup();
    const starting = executor.start('g');
    await (
      await held()
    )();
    const run = await starting;
    const command = { acknowledged: false };
    const sent = run.send({ type: 'SetNodeInputs', nodeId: 'b', inputs: { x: 1 } }).then(() => {
      command.acknowledged = true;
    });
    let release = await held();
    expect(command.acknowledged).toBe(false);
    for (let i = 0; i < 5 && !command.acknowledged; i++) {
      await release();
      if (!command.acknowledged) release = await held();
    }
    await sent;
    holdNoMore();
    await executor.close();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
  });

  it('the signal of a cancelled action waits for it, and so does the report [P44]', async () => {
    const { executor, ran, heard, held } = await setup();
    const starting = executor.start('listening');
    await (
      await held()
    )();
    const run = await starting;
    await (
      await held()
    )();
    expect(ran).toEqual(['l']);
    run.cancel();
    const over = { ended: false };
    const done = run.done.then((report) => {
      over.ended = true;
      return report;
    });
    const cancellation = await held();
    expect([heard, over.ended]).toEqual([[], false]);
    await cancellation();
    expect(heard).toEqual(['l']);
    while (!over.ended) {
      const release = await held();
      expect(over.ended).toBe(false);
      await release();
    }
    expect((await done).status).toBe('cancelled');
  });
});
