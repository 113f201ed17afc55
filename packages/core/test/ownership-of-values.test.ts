import { expect, test } from 'vitest';
import { ActionRegistry, Cache, DagExecutor, NodeSpec, type EventHook } from '../src/index.ts';

const setup = async (): Promise<{ readonly executor: DagExecutor; readonly seen: unknown[] }> => {
  const seen: unknown[] = [];
  const registry = new ActionRegistry().registerFn('see', ({ inputs }) => {
    seen.push(structuredClone(inputs));
  });
  return { executor: await DagExecutor.open({ registry }), seen };
};

test('what a caller passes stays the callers: inputs may be changed and used again', async () => {
  const { executor, seen } = await setup();
  executor.add({
    name: 'g',
    nodes: [{ id: 'a', action: 'see', inputs: [{ name: 'day', reference: 'inputs.day' }] }],
  });
  const inputs = { day: { number: 1 } };
  await executor.run('g', { inputs });
  inputs.day.number++;
  await executor.run('g', { inputs });
  expect(seen).toEqual([{ day: { number: 1 } }, { day: { number: 2 } }]);
});

test('a literal of a definition is copied when the graph is defined', async () => {
  const { executor, seen } = await setup();
  const value = { list: [1] };
  executor.add({ name: 'g', nodes: [{ id: 'a', action: 'see', inputs: [{ name: 'it', value }] }] });
  value.list.push(2);
  await executor.run('g');
  expect(seen).toEqual([{ it: { list: [1] } }]);
});

test('the spec of a command may be changed and used again', async () => {
  const { executor, seen } = await setup();
  const inputs = { n: 1 };
  const deps: string[] = [];
  const hook: EventHook = {
    onStart: () => {
      const first = { type: 'AddNode' as const, spec: { id: 'x', action: 'see', deps, inputs } };
      return [first, { type: 'AddNode', spec: new NodeSpec('see').withId('y').withDeps('x') }];
    },
  };
  executor.add({ name: 'g', nodes: [] });
  const report = await executor.run('g', { hooks: [hook] });
  inputs.n = 2;
  deps.push('nobody');
  expect(report.counts.succeeded).toBe(2);
  expect(seen).toEqual([{ n: 1 }, {}]);
});

test('a value in a cache is a copy, and frozen', () => {
  const cache = new Cache();
  const value = { list: [1] };
  cache.insert('n', 'k', value);
  value.list.push(2);
  expect(cache.get('n', 'k')).toEqual({ list: [1] });
  expect(Object.isFrozen(cache.get('n', 'k'))).toBe(true);
});
