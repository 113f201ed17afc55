import { DaggerError, type ErrorIds } from '../errors.ts';

/** A step into a definition: `['nodes', 3, 'dependencies', 0]`, with the keys of the TypeScript form. */
export type DefinitionPath = readonly (string | number)[];

export type DiagnosticCode =
  | 'action-unknown'
  | 'alias-bomb'
  | 'config-invalid'
  | 'cycle'
  | 'dependency-repeated'
  | 'dependency-unknown'
  | 'document-count'
  | 'document-empty'
  | 'encoding'
  | 'expression'
  | 'id-duplicate'
  | 'id-invalid'
  | 'input-conflict'
  | 'join-impossible'
  | 'key-duplicate'
  | 'key-unknown'
  | 'limit'
  | 'output-undeclared'
  | 'output-unused'
  | 'reference-invalid'
  | 'reference-not-ancestor'
  | 'reference-unknown'
  | 'syntax'
  | 'tag-unknown'
  | 'type'
  | 'unreachable'
  | 'unreadable'
  | 'value-range';

/** One problem of a definition, with its place. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  /** The reason, in one sentence without the place; control characters are escaped. */
  readonly message: string;
  readonly path: DefinitionPath;
  readonly nodeId?: string;
  readonly file?: string;
  /** 1-based; present when the definition came from text. */
  readonly line?: number;
  /** 1-based, in UTF-16 units. */
  readonly column?: number;
}

/** Text that is safe to print: control characters and bidirectional overrides escaped, long text cut. */
export const printable = (text: string, longest = 80): string => {
  const shown =
    text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
  return shown.replace(
    // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16) ?? ''}}`,
  );
};

export const quote = (text: string): string => `'${printable(text)}'`;

const place = (d: Diagnostic): string =>
  d.line !== undefined
    ? `${d.file ?? '<yaml>'}:${d.line}:${d.column ?? 1}`
    : (d.file ?? (d.path.length > 0 ? d.path.join('.') : '<graph>'));

/** `file:line:column reason`, the form that editors and terminals link. */
export const formatDiagnostic = (d: Diagnostic): string => {
  const node = d.nodeId === undefined ? '' : ` [node ${printable(d.nodeId, 40)}]`;
  return `${place(d)} ${d.severity === 'warning' ? 'warning: ' : ''}${d.message}${node}`;
};

/** A definition that cannot be used; `diagnostics` holds every problem found, not the first only. */
export class GraphInvalidError extends DaggerError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], ids: ErrorIds = {}) {
    const errors = diagnostics.filter((d) => d.severity === 'error');
    const shown = errors.slice(0, 20).map(formatDiagnostic);
    if (errors.length > shown.length) shown.push(`… and ${errors.length - shown.length} more`);
    super('GRAPH_INVALID', shown.join('\n'), { ids });
    this.name = 'GraphInvalidError';
    this.diagnostics = diagnostics;
  }
}
