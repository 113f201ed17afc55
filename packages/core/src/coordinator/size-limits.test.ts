import { expect, test } from 'vitest';
import {
  ActionRegistry,
  DagExecutor,
  type DagConfigInput,
  type EventHook,
  type GraphDefinition,
} from '../index.ts';

const open = async (
  config: DagConfigInput,
  nodes: GraphDefinition['nodes'],
): Promise<DagExecutor> => {
  const registry = new ActionRegistry().registerFn('ok', () => ({ text: 'é'.repeat(10) }));
  const executor = await DagExecutor.open({
    registry,
    config: { onFailure: 'continue', ...config },
  });
  executor.add({ name: 'g', nodes });
  return executor;
};
const chain = (length: number): GraphDefinition['nodes'] =>
  Array.from({ length }, (_, i) => ({
    id: `n${i}`,
    action: 'ok',
    dependencies: i === 0 ? [] : [`n${i - 1}`],
  }));

/** Adds one node behind each that completes, for ever. */
const endless: EventHook = {
  name: 'endless',
  handle: (_ctx, event) =>
    event.type === 'NodeCompleted'
      ? [{ type: 'AddNode', spec: { action: 'ok', deps: [event.nodeId] } }]
      : [],
};

test('a graph with more nodes than maxNodes is refused before anything runs', async () => {
  const executor = await open({ maxNodes: 2 }, chain(3));
  await expect(executor.run('g')).rejects.toMatchObject({
    code: 'LIMIT_REACHED',
    message: expect.stringContaining('3 nodes'),
  });
});

test('growth beyond maxNodes is refused, and the run goes on to its end', async () => {
  const report = await (await open({ maxNodes: 5 }, chain(1))).run('g', { hooks: [endless] });
  expect(report).toMatchObject({ status: 'succeeded', counts: { total: 5, succeeded: 5 } });
  expect(report.rejectedCommands).toMatchObject([
    { by: 'endless', error: { code: 'LIMIT_REACHED' } },
  ]);
});

test('a chain longer than maxDependencyDepth is refused, in a graph and in growth', async () => {
  await expect((await open({ maxDependencyDepth: 2 }, chain(3))).run('g')).rejects.toMatchObject({
    code: 'LIMIT_REACHED',
    message: expect.stringContaining("'n2' ends a chain of 3"),
  });
  const report = await (
    await open({ maxDependencyDepth: 3 }, chain(1))
  ).run('g', { hooks: [endless] });
  expect(report).toMatchObject({ status: 'succeeded', counts: { total: 3 } });
  expect(report.rejectedCommands).toMatchObject([{ error: { code: 'LIMIT_REACHED' } }]);
});

test('outputs of more bytes than maxOutputBytes fail their node at once; a byte is a byte of UTF-8', async () => {
  // {"text":"éééééééééé"} has 11 characters of frame and 20 bytes of text.
  expect((await (await open({ maxOutputBytes: 31 }, chain(1))).run('g')).status).toBe('succeeded');
  const report = await (await open({ maxOutputBytes: 30 }, chain(1))).run('g');
  expect(report.nodes['n0']).toMatchObject({
    status: 'failed',
    attempts: 1,
    error: {
      code: 'OUTPUT_INVALID',
      message: 'the outputs have 31 bytes of JSON; maxOutputBytes is 30',
    },
  });
});
