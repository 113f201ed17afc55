import { describe, expect, it } from 'vitest';
import { defineAction } from '../actions/action.ts';
import { graphBuilder } from './builder.ts';
import { item, ref, withDefault } from './typed-reference.ts';
import { loadYaml } from './yaml/load.ts';
import { toYaml } from './yaml/write.ts';

const fetchRows = defineAction<
  { url: string; limit?: number },
  { rows: readonly { price: number }[]; stats: { mean: number } }
>({
  name: 'fetch_rows',
  execute: () => ({ rows: [], stats: { mean: 0 } }),
});
const average = defineAction<
  { rows: readonly { price: number }[]; floor: number },
  { mean: number }
>({ name: 'average', execute: () => ({ mean: 0 }) });
const tick = defineAction<object, object>({ name: 'tick', execute: () => ({}) });

describe('graphBuilder', () => {
  it('turns what inputs refer to into references and dependencies', () => {
    const graph = graphBuilder<{ url: string }>('pipeline', {
      description: 'd',
      config: { maxAttempts: 2 },
    })
      .node('fetch', fetchRows, (from) => ({ url: from.inputs.url, limit: 10 }))
      .node(
        'average',
        average,
        (from) => ({ rows: from.fetch.rows, floor: from.fetch.stats.mean }),
        { timeout: 30, duration: 12.5 },
      )
      .build();
    expect(graph.toJSON()).toEqual({
      name: 'pipeline',
      description: 'd',
      config: { maxAttempts: 2 },
      nodes: [
        {
          id: 'fetch',
          action: 'fetch_rows',
          inputs: [
            { name: 'url', reference: 'inputs.url' },
            { name: 'limit', value: 10 },
          ],
        },
        {
          id: 'average',
          action: 'average',
          dependencies: ['fetch'],
          inputs: [
            { name: 'rows', reference: 'fetch.rows' },
            { name: 'floor', reference: 'fetch.stats.mean' },
          ],
          timeout: 30,
          duration: 12.5,
        },
      ],
    });
  });

  it('gives the same graph as YAML', () => {
    const graph = graphBuilder<{ url: string }>('pipeline')
      .node('fetch', fetchRows, (from) => ({ url: from.inputs.url }))
      .node('average', average, (from) => ({
        rows: from.fetch.rows,
        floor: item(from.fetch.rows, 0).price,
      }))
      .build();
    expect(loadYaml(toYaml(graph)).graph?.toJSON()).toEqual(graph.toJSON());
  });

  it('knows items of lists, defaults, and references as YAML writes them', () => {
    const graph = graphBuilder<{ url: string }>('g')
      .node('fetch', fetchRows, { url: ref('inputs.url') })
      .node('a', average, (from) => ({ rows: [], floor: item(from.fetch.rows, 2).price }))
      .node('b', average, (from) => ({ rows: [], floor: withDefault(from.fetch.stats.mean, 1) }))
      .node('c', average, { rows: [], floor: ref('a.mean') })
      .build();
    expect(
      graph.nodes
        .slice(1)
        .map(({ dependencies, inputs }) => ({ dependencies, floor: inputs?.[1] })),
    ).toEqual([
      { dependencies: ['fetch'], floor: { name: 'floor', reference: 'fetch.rows[2].price' } },
      {
        dependencies: ['fetch'],
        floor: { name: 'floor', reference: 'fetch.stats.mean', default: 1 },
      },
      { dependencies: ['a'], floor: { name: 'floor', reference: 'a.mean' } },
    ]);
  });

  it('keeps a dependency as it was named, and names none twice', () => {
    const graph = graphBuilder<{ url: string }>('g')
      .node('fetch', fetchRows, { url: 'x' })
      .node('tick', tick)
      .node('a', average, (from) => ({ rows: from.fetch.rows, floor: from.fetch.stats.mean }), {
        dependencies: ['tick', { id: 'fetch', optional: true }],
      })
      .build();
    expect(graph.nodes[2]?.dependencies).toEqual(['tick', { id: 'fetch', optional: true }]);
  });

  it('leaves out inputs that are undefined', () => {
    const graph = graphBuilder('g')
      .node('fetch', fetchRows, { url: 'x', limit: undefined as unknown as number })
      .build();
    expect(graph.nodes[0]?.inputs).toEqual([{ name: 'url', value: 'x' }]);
  });

  it('tells those without a compiler too', () => {
    const builder = graphBuilder('g').node('fetch', fetchRows, { url: 'x' });
    const untyped = builder as unknown as {
      node(id: string, action: object, inputs?: unknown): { build(): unknown };
    };
    expect(() =>
      untyped.node('a', tick, (from: Record<string, { x: unknown }>) => ({ x: from['fetsh']?.x })),
    ).toThrow("there is no node 'fetsh' to refer to");
    expect(() =>
      untyped.node('b', tick, (from: Record<string, unknown>) => ({ x: from['fetch'] })),
    ).toThrow("a reference names an output: 'fetch.<output>', not 'fetch'");
    expect(() => untyped.node('fetch', tick).build()).toThrow("the id 'fetch' is defined twice");
  });

  it('refuses a name that a reference cannot spell', () => {
    const odd = defineAction<object, { 'a.b': number }>({
      name: 'odd',
      execute: () => ({ 'a.b': 1 }),
    });
    expect(() =>
      graphBuilder('g')
        .node('n', odd)
        .node('m', average, (from) => ({ rows: [], floor: from.n['a.b'] })),
    ).toThrow("a reference cannot name the key 'a.b'");
  });

  it('refuses a reference that could mean two nodes', () => {
    const deep = defineAction<object, { b: { c: number } }>({
      name: 'deep',
      execute: () => ({ b: { c: 1 } }),
    });
    expect(() =>
      graphBuilder('g')
        .node('a', deep)
        .node('a.b', tick)
        .node('m', average, (from) => ({ rows: [], floor: from.a.b.c })),
    ).toThrow("the reference 'a.b.c' could also mean the node 'a.b'");
  });
});
