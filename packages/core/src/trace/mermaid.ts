import type { Graph } from '../graph/graph.ts';
import type { RunReportData } from '../run/report.ts';
import { nodeLabel, titleLabel } from './label.ts';
import { PALETTE, type Colours } from './palette.ts';
import { toTraceJson, type TraceNode } from './trace.ts';

const entity = (char: string): string => `#${char.codePointAt(0) ?? 0};`;

/**
 * Mermaid looks into quoted labels for entities, directives, HTML, Markdown, formulas and links; as entities of its own
 * the characters that begin them mean nothing.
 */
const escaped = (line: string): string =>
  line
    .replace(/["#&<>`*~\\[\]{}|;%$@]/g, entity)
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, entity)
    .replace(/:(?=\/\/)/g, entity)
    .replace(/(?<=\bwww)\./gi, entity)
    // What begins a list or a heading in Markdown.
    .replace(/^(\s*\d+)([.)])/, (_, digits: string, mark: string) => digits + entity(mark))
    .replace(/^\s*[-+=]/, (start) => start.slice(0, -1) + entity(start.slice(-1)));

/** A quoted label of several lines. */
export const mermaidLabel = (lines: readonly string[]): string =>
  `"${lines.map(escaped).join('<br/>')}"`;

const nodeLine = (node: TraceNode, i: number): string =>
  `  n${i}[${mermaidLabel(nodeLabel(node))}]:::${node.status ?? 'planned'}`;

const classLine = ([name, { fill, line }]: readonly [string, Colours]): string =>
  `  classDef ${name} fill:${fill},stroke:${line},color:#0f172a,text-align:left`;

/**
 * Draws a graph as a Mermaid flowchart and, with a report, the run over it: a line per node and per edge, the same text
 * for the same graph and report. Nothing that a graph or a run can hold breaks it.
 */
export const toMermaid = (graph: Graph, report?: RunReportData): string => {
  const trace = toTraceJson(graph, report);
  const numbers = new Map(trace.nodes.map(({ id }, i) => [id, i]));
  const used = new Set<string>(trace.nodes.map(({ status }) => status ?? 'planned'));
  return [
    'flowchart TB',
    `  subgraph dagger[${mermaidLabel(titleLabel(trace))}]`,
    ...trace.nodes.map((node, i) => `  ${nodeLine(node, i)}`),
    '  end',
    ...trace.edges.map(
      ({ from, to, optional }) =>
        `  n${numbers.get(from) ?? 0} ${optional ? '-.->' : '-->'} n${numbers.get(to) ?? 0}`,
    ),
    ...Object.entries(PALETTE)
      .filter(([name]) => used.has(name))
      .map(classLine),
    '',
  ].join('\n');
};
