import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { grouped } from '../describe.ts';
import { printable, type DefinitionPath, type Diagnostic } from '../diagnostic.ts';
import { checkGraph, type CheckedGraph } from '../graph.ts';
import { snakeCase } from '../keys.ts';
import { checkActions, type KnownActions } from '../known-actions.ts';
import type { GraphDefinition } from '../model.ts';
import { MAX_ID_LENGTH } from '../node-id.ts';
import { DefinitionReader } from './definition.ts';
import { Entries } from './entries.ts';
import { finding, type Finding } from './finding.ts';
import { inspectTree } from './inspect.ts';
import { locate } from './locate.ts';
import { parseText } from './parse.ts';
import { Places } from './place.ts';
import { MAX_BYTES, readSource } from './text.ts';

export interface LoadYamlOptions {
  /** The file that the text came from: for messages, and for the name of a graph that has none. */
  readonly file?: string | undefined;
  /** Longer texts are refused. Default: 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** With it, actions that are not registered are errors. */
  readonly registry?: KnownActions | undefined;
}

const MOST_DIAGNOSTICS = 1_000;

const nameOf = (file: string | undefined): string => {
  const base = file
    ?.split(/[\\/]/)
    .at(-1)
    ?.replace(/\.ya?ml$/i, '');
  return base === undefined || base === '' ? 'dag' : base;
};

/** Turns what was found into diagnostics with places. */
class Report {
  readonly #places: Places;
  readonly #file: string | undefined;
  #tree: { readonly root: ParsedNode; readonly entries: Entries } | undefined;

  readonly #nodeIds: Map<number, string | undefined> = new Map();

  constructor(text: string, file: string | undefined) {
    this.#places = new Places(text);
    this.#file = file;
  }

  /** From here on, nodes can be named and paths be found. */
  know(root: ParsedNode, entries: Entries): void {
    this.#tree = { root, entries };
  }

  finding({ severity, code, message, path, offset }: Finding): Diagnostic {
    return this.#placed({ severity, code, message, path }, offset);
  }

  offsetOf({ path, code }: Diagnostic): number {
    return this.#tree === undefined
      ? 0
      : locate(this.#tree.root, path, this.#tree.entries, { key: code === 'key-unknown' });
  }

  diagnostic(diagnostic: Diagnostic, offset: number): Diagnostic {
    const { path } = diagnostic;
    const key = path.findLast((step) => typeof step === 'string');
    const written = key === undefined ? undefined : snakeCase(key);
    // Say the key as YAML writes it.
    const message =
      key !== undefined && written !== undefined && diagnostic.message.startsWith(key)
        ? written + diagnostic.message.slice(key.length)
        : diagnostic.message;
    return this.#placed({ ...diagnostic, message }, offset);
  }

  #placed(diagnostic: Diagnostic, offset: number): Diagnostic {
    const nodeId = diagnostic.nodeId ?? this.#nodeIdOf(diagnostic.path);
    return {
      ...diagnostic,
      ...(nodeId === undefined
        ? {}
        : { nodeId: nodeId.length > MAX_ID_LENGTH ? printable(nodeId) : nodeId }),
      ...(this.#file === undefined ? {} : { file: this.#file }),
      ...this.#places.of(offset),
    };
  }

  #nodeIdOf(path: DefinitionPath): string | undefined {
    const index = path[0] === 'nodes' ? path[1] : undefined;
    if (this.#tree === undefined || typeof index !== 'number') return undefined;
    if (!this.#nodeIds.has(index)) this.#nodeIds.set(index, this.#nodeId(index));
    return this.#nodeIds.get(index);
  }

  #nodeId(index: number): string | undefined {
    if (this.#tree === undefined) return undefined;
    const { root, entries } = this.#tree;
    const nodes = isMap(root) ? entries.of(root).get('nodes')?.value : undefined;
    const list = nodes ? entries.resolve(nodes) : undefined;
    const item = isSeq(list) ? list.items[index] : undefined;
    const node = item && entries.resolve(item);
    const id = isMap(node) ? entries.of(node).get('id')?.value : undefined;
    const scalar = id ? entries.resolve(id) : undefined;
    if (!isScalar(scalar) || scalar.value === null || typeof scalar.value === 'boolean')
      return undefined;
    return typeof scalar.value === 'string' ? scalar.value : scalar.source;
  }
}

/** A problem with its place in the text; what is said of it is made only where it is shown. */
interface Located {
  readonly severity: Diagnostic['severity'];
  readonly offset: number;
  readonly shown: () => Diagnostic;
}

const isError = ({ severity }: Located): boolean => severity === 'error';

const rootProblem = (root: ParsedNode | null | undefined): string | undefined => {
  if (!root || (isScalar(root) && root.value === null))
    return 'the document is empty; a graph is a map with a name and nodes';
  return isMap(root)
    ? undefined
    : `the document must be a map with a name and nodes, not ${isSeq(root) ? 'a list' : 'a single value'}`;
};

/** A file with more problems than anybody reads has one mistake, repeated. */
const cut = (all: readonly Located[]): Diagnostic[] => {
  const kept = all
    .filter(isError)
    .slice(0, MOST_DIAGNOSTICS)
    .map(({ shown }) => shown());
  const last = kept.at(-1) as Diagnostic;
  return [
    ...kept,
    { ...last, code: 'limit', message: `… and ${grouped(all.length - kept.length)} more problems` },
  ];
};

/**
 * Reads a graph from YAML. Touches no file and never throws: every problem of the text, of its structure and of the
 * graph is a diagnostic with its line, in the order of the text.
 */
export const loadYaml = (
  source: string | Uint8Array,
  options: LoadYamlOptions = {},
): CheckedGraph => {
  const { text, findings } = readSource(source, options.maxBytes ?? MAX_BYTES);
  const report = new Report(text, options.file);
  const refuse = (found: readonly Finding[]): CheckedGraph => ({
    graph: undefined,
    diagnostics: found.map((f) => report.finding(f)),
  });
  if (findings.length > 0) return refuse(findings);
  try {
    return loadText(text, report, options);
  } catch (thrown) {
    if (thrown instanceof RangeError) return refuse([finding('limit', 'nested too deep', 0)]);
    throw thrown;
  }
};

const loadText = (text: string, report: Report, options: LoadYamlOptions): CheckedGraph => {
  const parsed = parseText(text);
  const refuse = (found: readonly Finding[]): CheckedGraph => ({
    graph: undefined,
    diagnostics: found.map((f) => report.finding(f)),
  });
  if (parsed.document === undefined) return refuse(parsed.findings);
  const root: ParsedNode | null = parsed.document.contents;
  const wrong = rootProblem(root);
  if (wrong !== undefined || root === null)
    return refuse([
      ...parsed.findings,
      finding('document-empty', wrong ?? '', root?.range[0] ?? 0),
    ]);
  const { targets, broken, findings } = inspectTree(root, parsed);
  const entries = new Entries(targets, broken);
  report.know(root, entries);
  const reader = new DefinitionReader(entries);
  const data = reader.graph(root) as Partial<GraphDefinition>;
  const definition = { name: nameOf(options.file), ...data } as GraphDefinition;
  const { graph, diagnostics } = checkGraph(definition);
  const judged: Diagnostic[] = diagnostics.filter((d) => !reader.isRefused(d.path));
  if (options.registry !== undefined) checkActions(graph?.nodes ?? [], 0, judged, options.registry);
  const all: Located[] = [];
  for (const found of [...parsed.findings, ...findings, ...reader.findings]) {
    const { severity, offset } = found;
    all.push({ severity, offset, shown: () => report.finding(found) });
  }
  for (const found of judged) {
    const offset = report.offsetOf(found);
    all.push({ severity: found.severity, offset, shown: () => report.diagnostic(found, offset) });
  }
  all.sort((a, b) => a.offset - b.offset);
  const failed = all.some(isError);
  return {
    graph: failed ? undefined : graph,
    diagnostics:
      failed && all.length > MOST_DIAGNOSTICS ? cut(all) : all.map(({ shown }) => shown()),
  };
};
