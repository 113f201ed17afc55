import { mermaidLabel } from '@dagger/core/kernel';
import { drawn, NODE_COLOURS, type TopologyNode } from './label.ts';
import type { Topology } from './topology.ts';

const nodeLine = ({ kind, label }: TopologyNode, i: number): string => {
  const [open, close] = kind === 'agent' ? ['[', ']'] : ['([', '])'];
  return `  n${i}${open}${mermaidLabel(label)}${close}:::${kind}`;
};

/**
 * Draws agents (boxes) and their channels as a Mermaid flowchart: a line per agent, channel and edge, the same text for the
 * same topology. Dotted lines lead from what is published to the patterns by which it is read. No name or description breaks
 * it.
 */
export const topologyToMermaid = (topology: Topology): string => {
  const { nodes, lines } = drawn(topology);
  const used = new Set<string>(nodes.map(({ kind }) => kind));
  return [
    'flowchart LR',
    ...nodes.map(nodeLine),
    ...lines.map(({ from, to, isDashed }) => `  n${from} ${isDashed ? '-.->' : '-->'} n${to}`),
    ...Object.entries(NODE_COLOURS)
      .filter(([kind]) => used.has(kind))
      .map(
        ([kind, { fill, line }]) =>
          `  classDef ${kind} fill:${fill},stroke:${line},color:#0f172a,text-align:left`,
      ),
    '',
  ].join('\n');
};
