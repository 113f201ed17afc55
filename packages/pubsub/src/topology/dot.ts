import { dotLabel } from '@dagger/core/kernel';
import { drawn, NODE_COLOURS, type TopologyLine, type TopologyNode } from './label.ts';
import type { Topology } from './topology.ts';

const nodeLine = ({ kind, label }: TopologyNode, i: number): string => {
  const { fill, line } = NODE_COLOURS[kind];
  const shape = kind === 'agent' ? '' : ', shape=ellipse, style=filled';
  return `  n${i} [label=${dotLabel(label, String.raw`\n`)}, fillcolor="${fill}", color="${line}"${shape}];`;
};

const lineLine = ({ from, to, isDashed }: TopologyLine): string =>
  `  n${from} -> n${to}${isDashed ? ' [style=dashed]' : ''};`;

/**
 * Draws agents (boxes) and their channels as Graphviz DOT: a line per agent, channel and edge, the same text for the same
 * topology. Dashed lines lead from what is published to the patterns by which it is read. No name or description breaks it.
 */
export const topologyToDot = (topology: Topology): string => {
  const { nodes, lines } = drawn(topology);
  return [
    'digraph dagger {',
    // Graphviz measures text by the one font named here; Verdana is as wide as what stands in for it, so that text fits.
    '  graph [fontname="Verdana", rankdir=LR];',
    '  node [shape=box, style="rounded,filled", fontname="Verdana", fontsize=10];',
    '  edge [color="#64748b"];',
    ...nodes.map(nodeLine),
    ...lines.map(lineLine),
    '}',
    '',
  ].join('\n');
};
