import { describe, expect, it } from 'vitest';
import { defineGraph, Graph, restoreGraph } from './graph.ts';
import type { GraphDefinition } from './model.ts';

const graph = defineGraph({
  name: 'report',
  description: 'what was sold',
  config: { maxParallelNodes: 3 },
  nodes: [
    { id: 'fetch', action: 'fetch', inputs: [{ name: 'where', value: { cities: ['Bern'] } }] },
    { id: 'mean', action: 'mean', dependencies: ['fetch'] },
    { id: 'send', action: 'send', dependencies: [{ id: 'mean', optional: true }, 'fetch'] },
  ],
});

const stored = (): GraphDefinition => JSON.parse(Graph.textOf(graph)) as GraphDefinition;

describe('a graph from storage', () => {
  it('is the graph that was stored', () => {
    const restored = restoreGraph(stored());
    expect(Graph.textOf(restored)).toBe(Graph.textOf(graph));
    expect(restored.edges).toEqual(graph.edges);
    expect(restored.toJSON()).toEqual(graph.toJSON());
  });

  it('gives its literal values to actions frozen', () => {
    const [fetch] = Graph.topologyOf(restoreGraph(stored())).definitions;
    const value = fetch?.inputs?.[0]?.value as { readonly cities: readonly string[] };
    expect(Object.isFrozen(value.cities)).toBe(true);
  });

  it('is refused when an edge leads nowhere, whatever happened to it', () => {
    const [, ...nodes] = stored().nodes;
    expect(() => restoreGraph({ ...stored(), nodes })).toThrow(
      expect.objectContaining({ code: 'GRAPH_INVALID' }),
    );
  });
});
