import { printable } from '../graph/diagnostic.ts';
import type { InputField } from '../graph/model.ts';
import type { JsonValue } from '../json.ts';
import { briefJson, shorten } from './brief-json.ts';
import type { TraceJson, TraceNode } from './trace.ts';

const LONGEST_NAME = 60;
const LONGEST_VALUE = 40;
const LONGEST_ERROR = 120;
const MOST_FIELDS = 8;

/** @internal One line without anything that could move a cursor, turn the direction of text or be forbidden in XML. */
export const cleanLine = (text: string, longest: number): string =>
  printable(shorten(text.replace(/\s+/g, ' '), longest), Number.POSITIVE_INFINITY).replace(
    /[\ufffe\uffff]/g,
    '\ufffd',
  );

/** A name on a line of its own: never a blank one, because Graphviz reads wild memory for a title that begins so. */
const heading = (name: string): string => cleanLine(name, LONGEST_NAME).trim() || '(no name)';

const value = (json: JsonValue): string => cleanLine(briefJson(json, LONGEST_VALUE), LONGEST_VALUE);

const input = ({ name, reference, value: literal, default: fallback }: InputField): string => {
  const source =
    reference === undefined
      ? value(literal ?? fallback ?? null)
      : cleanLine(reference, LONGEST_VALUE) +
        (fallback === undefined ? '' : ` or ${value(fallback)}`);
  return `${cleanLine(name, LONGEST_VALUE)} = ${source}`;
};

const fields = (kind: string, lines: readonly string[]): readonly string[] => {
  const shown = lines.slice(0, MOST_FIELDS).map((line) => `${kind} ${line}`);
  return lines.length > MOST_FIELDS
    ? [...shown, `${kind} … ${lines.length - MOST_FIELDS} more`]
    : shown;
};

/** Milliseconds as people say them. */
const time = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`);

const statusLine = (node: TraceNode): string => {
  const parts: string[] = [node.status ?? ''];
  if (node.reason !== null) parts.push(`(${cleanLine(node.reason, LONGEST_NAME)})`);
  if (node.cached) parts.push('from an earlier run');
  if (node.attempts !== null && node.attempts > 0)
    parts.push(`after ${node.attempts} ${node.attempts === 1 ? 'attempt' : 'attempts'}`);
  if (node.durationMs !== null) parts.push(`in ${time(node.durationMs)}`);
  return parts.join(' ');
};

const errorLine = ({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): string => `error ${cleanLine(code, LONGEST_NAME)}: ${cleanLine(message, LONGEST_ERROR)}`;

/** What a picture says of a node, line by line, the id first; plain text that each format still escapes. */
export const nodeLabel = (node: TraceNode): readonly string[] => [
  heading(node.id),
  `action ${cleanLine(node.action, LONGEST_NAME)}`,
  ...(node.when === null ? [] : [`when ${cleanLine(node.when, LONGEST_NAME)}`]),
  ...fields('in', node.inputs.map(input)),
  ...(node.status === null ? [] : [statusLine(node)]),
  ...fields(
    'out',
    Object.entries(node.outputs ?? {}).map(
      ([name, output]) => `${cleanLine(name, LONGEST_VALUE)} = ${value(output ?? null)}`,
    ),
  ),
  ...(node.error === null ? [] : [errorLine(node.error)]),
];

/** What a picture says of the whole. */
export const titleLabel = (trace: TraceJson): readonly string[] => [
  heading(trace.name),
  ...(trace.status === null
    ? []
    : [
        `run ${cleanLine(trace.runId ?? '', LONGEST_NAME)}`,
        `${trace.status} in ${time(trace.durationMs ?? 0)}`,
      ]),
  ...(trace.error === null ? [] : [errorLine(trace.error)]),
];
