import { mermaidLabel } from '@dagger/core/kernel';
import { causesOf } from './causes.ts';
import type { TraceEntry } from './entry.ts';
import { FATE_COLOURS, fateOf, FATES } from './fates.ts';
import { entryLabel } from './label.ts';

/**
 * Draws which message caused which as a Mermaid flowchart: a line per message and per cause, the same text for the same
 * entries. Nothing that a message can hold breaks it.
 */
export const traceToMermaid = (entries: readonly TraceEntry[]): string => {
  const fates = entries.map(fateOf);
  const used = new Set(fates);
  return [
    'flowchart TB',
    ...entries.map(
      (entry, i) => `  n${i}[${mermaidLabel(entryLabel(entry))}]:::${fates[i] ?? 'open'}`,
    ),
    ...causesOf(entries).flatMap((cause, i) =>
      cause === undefined ? [] : `  n${cause} --> n${i}`,
    ),
    ...FATES.filter((fate) => used.has(fate)).map((fate) => {
      const { fill, line } = FATE_COLOURS[fate];
      return `  classDef ${fate} fill:${fill},stroke:${line},color:#0f172a,text-align:left`;
    }),
    '',
  ].join('\n');
};
