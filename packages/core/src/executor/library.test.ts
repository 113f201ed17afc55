import { describe, expect, it } from 'vitest';
import { gate } from '../../test/gate.ts';
import { ActionRegistry } from '../actions/registry.ts';
import { defineGraph } from '../graph/graph.ts';
import { DagExecutor } from './executor.ts';

const setup = async (): Promise<DagExecutor> => {
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([{ name: 'ok', execute: () => {} }]),
  });
  const nodes = [{ id: 'a', action: 'ok' }];
  executor.add({
    name: 'nightly_report',
    description: 'Reports',
    tags: ['nightly', 'report'],
    author: 'Ann',
    version: '1.2',
    signature: 's',
    instructions: ['be brief'],
    nodes,
  });
  executor.add({ name: 'hourly_check', tags: ['hourly', 'check'], nodes });
  executor.add({ name: 'plain', nodes });
  return executor;
};

const names = (list: readonly { readonly name: string }[]): string[] =>
  list.map(({ name }) => name);

describe('the graphs of an executor', () => {
  it('are listed with their descriptions in the order of loading', async () => {
    expect((await setup()).listDags()).toEqual([
      { name: 'nightly_report', description: 'Reports' },
      { name: 'hourly_check', description: '' },
      { name: 'plain', description: '' },
    ]);
  });

  it('are found by a part of a tag, or by several whole tags', async () => {
    const executor = await setup();
    expect(names(executor.listDagsByTag('ly'))).toEqual(['nightly_report', 'hourly_check']);
    expect(names(executor.listDagsByTag('check'))).toEqual(['hourly_check']);
    expect(names(executor.listDagsByTag('nothing'))).toEqual([]);
    expect(names(executor.listDagsByTags(['report', 'nightly']))).toEqual(['nightly_report']);
    expect(names(executor.listDagsByTags(['nightly', 'hourly']))).toEqual([]);
    expect(names(executor.listDagsByTags(['night']))).toEqual([]);
    expect(executor.listDagsByTags([])).toHaveLength(3);
  });

  it('tell all that is known of them', async () => {
    expect((await setup()).listDagsMetadata()[0]).toEqual({
      name: 'nightly_report',
      description: 'Reports',
      tags: ['nightly', 'report'],
      author: 'Ann',
      version: '1.2',
      signature: 's',
      instructions: ['be brief'],
    });
  });

  it('are known by name', async () => {
    const executor = await setup();
    expect([
      executor.hasDag('plain'),
      executor.hasDag('Plain'),
      executor.hasDag('toString'),
    ]).toEqual([true, false, false]);
    expect(executor.getDag('plain').nodes).toHaveLength(1);
    expect(() => executor.getDag('hourly_chek')).toThrow(
      expect.objectContaining({
        code: 'DAG_UNKNOWN',
        message: "no graph named 'hourly_chek' is loaded; did you mean 'hourly_check'?",
      }),
    );
    await expect(executor.run('nobody_knows')).rejects.toMatchObject({
      code: 'DAG_UNKNOWN',
      ids: { dag: 'nobody_knows' },
    });
  });

  it('are not replaced unless that is asked for', async () => {
    const executor = await setup();
    const other = { name: 'plain', nodes: [{ id: 'b', action: 'ok' }] };
    expect(() => executor.add(other)).toThrow(
      expect.objectContaining({ code: 'DAG_DUPLICATE', ids: { dag: 'plain' } }),
    );
    expect(() => executor.loadYamlString('name: plain\nnodes: [{id: c, action: ok}]')).toThrow(
      expect.objectContaining({ code: 'DAG_DUPLICATE' }),
    );
    expect(executor.getDag('plain').nodes[0]?.id).toBe('a');
    executor.add(other, { replace: true });
    expect(executor.getDag('plain').nodes[0]?.id).toBe('b');
  });
});

describe('adding a node before a run', () => {
  it('makes a new definition under the same name; the old one stays as it is', async () => {
    const executor = await setup();
    const before = executor.getDag('nightly_report');
    const after = executor.addNode('nightly_report', {
      id: 'b',
      action: 'ok',
      dependencies: ['a'],
    });
    expect(names(after.nodes.map(({ id }) => ({ name: id })))).toEqual(['a', 'b']);
    expect(before.nodes).toHaveLength(1);
    expect(executor.getDag('nightly_report')).toBe(after);
    expect(after).toMatchObject({ author: 'Ann', version: '1.2', tags: ['nightly', 'report'] });
    expect((await executor.run('nightly_report')).counts.succeeded).toBe(2);
    expect((await executor.run(before)).counts.succeeded).toBe(1);
  });

  it('adds all of several, or none', async () => {
    const executor = await setup();
    expect(() =>
      executor.addNodes('plain', [
        { id: 'b', action: 'ok' },
        { id: 'c', action: 'ok', dependencies: ['nobody'] },
      ]),
    ).toThrow(expect.objectContaining({ code: 'GRAPH_INVALID' }));
    expect(executor.getDag('plain').nodes).toHaveLength(1);
    expect(
      executor.addNodes('plain', [
        { id: 'b', action: 'ok', dependencies: ['c'] },
        { id: 'c', action: 'ok' },
      ]).nodes,
    ).toHaveLength(3);
    expect(() => executor.addNode('plain', { id: 'a', action: 'ok' })).toThrow("'a'");
  });

  it('does not touch a run under way', async () => {
    const executor = await setup();
    const started = gate();
    const release = gate();
    executor.registry.registerFn('wait', async () => {
      started.open();
      await release.passed;
    });
    executor.add({ name: 'slow', nodes: [{ id: 'w', action: 'wait' }] });
    const run = executor.run('slow');
    await started.passed;
    executor.addNode('slow', { id: 'late', action: 'ok', dependencies: ['w'] });
    release.open();
    expect((await run).counts.total).toBe(1);
  });
});

describe('what cannot run is refused before anything runs', () => {
  it('because of an action that is not registered', async () => {
    const ran: string[] = [];
    const executor = await DagExecutor.open({
      registry: new ActionRegistry([
        { name: 'fetch', execute: ({ nodeId }: { nodeId: string }) => void ran.push(nodeId) },
      ] as never),
    });
    const graph = defineGraph({
      name: 'g',
      nodes: [
        { id: 'a', action: 'fetch' },
        { id: 'b', action: 'fetsh' },
        { id: 'c', action: 'other', failure: 'undo' },
      ],
    });
    await expect(executor.run(graph, { runId: 'r' })).rejects.toMatchObject({
      code: 'GRAPH_INVALID',
      message: expect.stringContaining("'fetsh' is not registered; did you mean 'fetch'?"),
    });
    await expect(executor.run(graph)).rejects.toThrow("'undo'");
    expect(ran).toEqual([]);
    await expect(executor.report('r')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });

  it.each([
    ['a Date', { at: new Date(0) }, '(at at)'],
    ['a function', { deep: { f: () => 1 } }, '(at deep.f)'],
    ['NaN', { list: [NaN] }, '(at list[0])'],
  ])('because the inputs hold %s', async (_, inputs, where) => {
    const executor = await setup();
    await expect(
      executor.run('plain', { inputs: inputs as never, runId: 'r' }),
    ).rejects.toMatchObject({ code: 'NOT_JSON', message: expect.stringContaining(where) });
    await expect(executor.report('r')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });

  it.each([[''], ['x'.repeat(257)], [7]])('because %j is no run id', async (runId) => {
    const executor = await setup();
    await expect(executor.run('plain', { runId: runId as string })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('because the settings of the executor are wrong', async () => {
    await expect(
      DagExecutor.open({ registry: new ActionRegistry(), config: { timeoutSeconds: 0 } }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('timeoutSeconds'),
    });
    await expect(
      DagExecutor.open({ registry: new ActionRegistry(), storage: 'mysql://me:secret@host/db' }),
    ).rejects.toMatchObject({
      code: 'STORAGE_URL',
      message: expect.not.stringContaining('secret'),
    });
  });
});
