import { dotLabel } from '@dagger/core/kernel';
import { causesOf } from './causes.ts';
import type { TraceEntry } from './entry.ts';
import { FATE_COLOURS, fateOf } from './fates.ts';
import { entryLabel } from './label.ts';

const nodeLine = (entry: TraceEntry, i: number): string => {
  const { fill, line } = FATE_COLOURS[fateOf(entry)];
  return `  n${i} [label=${dotLabel(entryLabel(entry), String.raw`\l`)}, fillcolor="${fill}", color="${line}"];`;
};

/**
 * Draws which message caused which as Graphviz DOT: a line per message and per cause, the same text for the same entries.
 * Nothing that a message can hold breaks it.
 */
export const traceToDot = (entries: readonly TraceEntry[]): string =>
  [
    'digraph dagger {',
    // Graphviz measures text by the one font named here; Verdana is as wide as what stands in for it, so that text fits.
    '  graph [fontname="Verdana", rankdir=TB];',
    '  node [shape=box, style="rounded,filled", fontname="Verdana", fontsize=10];',
    '  edge [color="#64748b"];',
    ...entries.map(nodeLine),
    ...causesOf(entries).flatMap((cause, i) =>
      cause === undefined ? [] : `  n${cause} -> n${i};`,
    ),
    '}',
    '',
  ].join('\n');
