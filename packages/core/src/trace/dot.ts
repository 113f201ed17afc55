import type { Graph } from '../graph/graph.ts';
import type { RunReportData } from '../run/report.ts';
import { nodeLabel, titleLabel } from './label.ts';
import { PALETTE } from './palette.ts';
import { toTraceJson, type TraceNode } from './trace.ts';

/** Graphviz reads backslash sequences and HTML entities in a quoted label; nothing else is special there. */
const escaped = (line: string): string =>
  line
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('&', '&amp;');

/** A quoted label. `end` closes a line: `\n` centres it, `\l` puts it to the left. */
export const dotLabel = (lines: readonly string[], end: string): string =>
  `"${lines.map((line) => escaped(line) + end).join('')}"`;

const nodeLine = (node: TraceNode, i: number): string => {
  const { fill, line } = PALETTE[node.status ?? 'planned'];
  return `  n${i} [label=${dotLabel(nodeLabel(node), String.raw`\l`)}, fillcolor="${fill}", color="${line}"];`;
};

/**
 * Draws a graph as Graphviz DOT and, with a report, the run over it: a line per node and per edge, the same text for
 * the same graph and report. Nothing that a graph or a run can hold breaks it.
 */
export const toDot = (graph: Graph, report?: RunReportData): string => {
  const trace = toTraceJson(graph, report);
  const numbers = new Map(trace.nodes.map(({ id }, i) => [id, i]));
  return [
    'digraph dagger {',
    // Graphviz measures text by the one font named here; Verdana is as wide as what stands in for it, so that text fits.
    `  graph [label=${dotLabel(titleLabel(trace), String.raw`\n`)}, labelloc=t, fontname="Verdana", rankdir=TB];`,
    '  node [shape=box, style="rounded,filled", fontname="Verdana", fontsize=10];',
    '  edge [color="#64748b"];',
    ...trace.nodes.map(nodeLine),
    ...trace.edges.map(
      ({ from, to, optional }) =>
        `  n${numbers.get(from) ?? 0} -> n${numbers.get(to) ?? 0}${optional ? ' [style=dashed]' : ''};`,
    ),
    '}',
    '',
  ].join('\n');
};
