import { ActionRegistry, DagExecutor, type EventHook } from '@dagger/core';
import { expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { settle } from './interposed.ts';
import { file } from './place.ts';

const open = async (place: string, ran: string[]): Promise<DagExecutor> => {
  const registry = new ActionRegistry([
    {
      name: 'ok',
      execute(ctx) {
        ran.push(ctx.nodeId);
        ctx.progress(0.5, 'half of it is done');
        return { from: ctx.nodeId };
      },
    },
  ]);
  const executor = await DagExecutor.open({ registry, storage: sqlite(place) });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'a', action: 'ok' },
      { id: 'b', action: 'ok', dependencies: ['a'] },
    ],
  });
  onTestFinished(() => executor.close().catch(() => {}));
  return executor;
};

it('a result is kept while a planner thinks about it, and when the process dies meanwhile, the planner is asked again [P21] [P22]', async () => {
  const place = file();
  const ran: string[] = [];
  const asked: string[] = [];
  let thinks!: () => void;
  const thinking = new Promise<void>((resolve) => (thinks = resolve));
  const planner = (thoughts: () => Promise<void>): EventHook => ({
    events: ['NodeCompleted'],
    async handle(_, event) {
      if (!('nodeId' in event)) return;
      asked.push(event.nodeId);
      if (event.nodeId !== 'a') return;
      await thoughts();
      return [{ type: 'AddNode', spec: { id: 'planned', action: 'ok', deps: ['a'] } }];
    },
  });
  const first = await open(place, ran);
  const endless = planner(async () => {
    thinks();
    await new Promise(() => {});
  });
  const run = await first.start('g', { runId: 'r', hooks: [endless] });
  await thinking;
  const second = await open(place, ran);
  const kept = (await second.report('r')).nodes;
  expect(kept['a']).toMatchObject({ status: 'succeeded', outputs: { from: 'a' } });
  expect(kept['b']?.status).toBe('pending');
  await first.close();
  await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });

  const report = await second.resume('r', { hooks: [planner(async () => settle(2))] });
  expect(report).toMatchObject({ status: 'succeeded', counts: { succeeded: 3 } });
  expect(ran.toSorted()).toEqual(['a', 'b', 'planned']);
  expect(asked.slice(0, 2)).toEqual(['a', 'a']);
});

it('what an action says of its progress is told, and not kept [P92]', async () => {
  const executor = await open(file(), []);
  const run = await executor.start('g', { runId: 'r' });
  const told: string[] = [];
  run.events.subscribe((event) => {
    if (event.type === 'NodeProgress') told.push(`${event.nodeId} ${event.message}`);
  });
  await run.done;
  expect(told).toEqual(['a half of it is done', 'b half of it is done']);
  expect(JSON.stringify(await executor.dump('r'))).not.toContain('half of it');
});
