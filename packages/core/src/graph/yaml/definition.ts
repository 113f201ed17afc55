import { isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml';
import type { DefinitionPath } from '../diagnostic.ts';
import { quote } from '../diagnostic.ts';
import type { GRAPH_KEYS, INPUT_KEYS, NODE_KEYS, OUTPUT_KEYS } from '../keys.ts';
import { snakeCase, unknownKey, type KeyUse } from '../keys.ts';
import type { Entries } from './entries.ts';
import { finding, type Finding } from './finding.ts';

/** Turns a tree into the plain data that code would have written; every value is a JSON value. */
type Read = (reader: DefinitionReader, node: ParsedNode, path: DefinitionPath) => unknown;

const plain: Read = (reader, node, path) => reader.plain(node, path);

/** A text keeps its spelling when YAML takes it for a number: 007 stays '007'. Null and booleans are no text. */
const text: Read = (reader, node, path) => {
  const at = reader.resolve(node);
  if (!isScalar(at) || typeof at.value !== 'number') return reader.plain(node, path);
  return at.source ?? String(at.value);
};

/** As a text, but `true` is a condition too. */
const condition: Read = (reader, node, path) => {
  const at = reader.resolve(node);
  return isScalar(at) && typeof at.value === 'boolean'
    ? String(at.value)
    : text(reader, node, path);
};

const listOf =
  (item: Read): Read =>
  (reader, node, path) => {
    const at = reader.resolve(node);
    return isSeq(at)
      ? at.items.map((part, i) => reader.read(item, part, [...path, i]))
      : reader.plain(node, path);
  };

/** @param otherwise how to read what is not a map. */
const mapOf = (
  parts: Readonly<Record<string, Read>>,
  use: Omit<KeyUse, 'known' | 'spelling'>,
  otherwise: Read = plain,
): Read => {
  const whole: KeyUse = { ...use, known: Object.keys(parts), spelling: 'snake' };
  const keys = new Map<string, string>();
  for (const key of whole.known) keys.set(key, key).set(snakeCase(key), key);
  return (reader, node, path) => {
    const at = reader.resolve(node);
    return isMap(at) ? reader.map(at, path, keys, parts, whole) : otherwise(reader, node, path);
  };
};

/** `Always` for `always`, `Ttl` for `ttl`: as the founding documents write them. */
const cacheStrategy: Read = (reader, node, path) => {
  const value = reader.plain(node, path);
  if (value === 'Always' || value === 'Never') return value.toLowerCase();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, detail]: [string, unknown]) => [
      key === 'Ttl' || key === 'Custom' ? key.toLowerCase() : key,
      detail,
    ]),
  );
};

const join: Read = (reader, node, path) => {
  const value = reader.plain(node, path);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'at_least'))
    return value;
  const { at_least: atLeast, ...more } = value as Readonly<Record<string, unknown>>;
  return { ...more, atLeast };
};

const texts = listOf(text);

const INPUT: Readonly<Record<(typeof INPUT_KEYS)[number], Read>> = {
  name: text,
  description: text,
  reference: text,
  value: plain,
  default: plain,
};
const OUTPUT: Readonly<Record<(typeof OUTPUT_KEYS)[number], Read>> = {
  name: text,
  description: text,
};

const NODE: Readonly<Record<(typeof NODE_KEYS)[number], Read>> = {
  id: text,
  action: text,
  description: text,
  instructions: texts,
  dependencies: listOf(mapOf({ id: text, optional: plain }, { of: 'a dependency' }, text)),
  join,
  when: condition,
  enabled: plain,
  inputs: listOf(mapOf(INPUT, { of: 'an input' })),
  outputs: listOf(mapOf(OUTPUT, { of: 'an output' })),
  timeout: plain,
  duration: plain,
  tryCount: plain,
  failure: text,
  onfailure: plain,
  cacheStrategy,
};

const GRAPH: Readonly<Record<(typeof GRAPH_KEYS)[number], Read>> = {
  name: text,
  description: text,
  instructions: texts,
  tags: texts,
  author: text,
  version: text,
  signature: text,
  config: plain,
  nodes: listOf(mapOf(NODE, { of: 'a node', synonyms: 'node' })),
};

const readGraph = mapOf(GRAPH, { of: 'a graph', synonyms: 'graph' });

/** Stands in for a value that was refused, so that what is around it can still be judged. */
const REFUSED = null;

const pathKey = (path: DefinitionPath): string => path.join('\u0000');

export class DefinitionReader {
  readonly findings: Finding[] = [];
  readonly #refused: Set<string> = new Set();
  readonly #entries: Entries;

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** Whether a value at or above a path was refused, so that what is said about it is an echo. */
  isRefused(path: DefinitionPath): boolean {
    if (this.#refused.size === 0) return false;
    return path.some((_, i) => this.#refused.has(pathKey(path.slice(0, i + 1))));
  }

  graph(root: ParsedNode): unknown {
    return readGraph(this, root, []);
  }

  resolve(node: ParsedNode): ParsedNode | undefined {
    return this.#entries.resolve(node);
  }

  read(how: Read, node: ParsedNode, path: DefinitionPath): unknown {
    if (this.#entries.isBroken(node) || this.resolve(node) === undefined) {
      this.#refused.add(pathKey(path));
      return REFUSED;
    }
    return how(this, node, path);
  }

  plain(node: ParsedNode, path: DefinitionPath): unknown {
    const at = this.resolve(node);
    if (at === undefined || this.#entries.isBroken(node)) {
      this.#refused.add(pathKey(path));
      return REFUSED;
    }
    if (isSeq(at)) return at.items.map((item, i) => this.plain(item, [...path, i]));
    if (isMap(at)) {
      const map: Record<string, unknown> = {};
      for (const [name, { value }] of this.#entries.of(at))
        map[name] = value === null ? null : this.plain(value, [...path, name]);
      return map;
    }
    if (!isScalar(at)) return null;
    const { value, source } = at;
    if (
      typeof value === 'number' &&
      !Number.isSafeInteger(value) &&
      source !== undefined &&
      /^([-+]?\d+|0x[\da-f]+|0o[0-7]+)$/i.test(source)
    ) {
      this.#refuse(
        at,
        path,
        `the integer ${quote(source)} is too large to be kept exactly; write it as a string`,
      );
    }
    return value;
  }

  map(
    map: YAMLMap.Parsed,
    path: DefinitionPath,
    keys: ReadonlyMap<string, string>,
    parts: Readonly<Record<string, Read>>,
    use: KeyUse,
  ): unknown {
    const result: Record<string, unknown> = {};
    for (const [written, { key: keyNode, value }] of this.#entries.of(map)) {
      const key = keys.get(written);
      if (key === undefined) {
        this.findings.push(
          finding('key-unknown', unknownKey(written, use), keyNode.range[0], [...path, written]),
        );
      } else if (Object.hasOwn(result, key)) {
        this.findings.push(
          finding(
            'key-duplicate',
            `duplicate key ${quote(written)}: ${quote(key)} in another spelling`,
            keyNode.range[0],
            [...path, key],
          ),
        );
      } else
        result[key] = value === null ? null : this.read(parts[key] as Read, value, [...path, key]);
    }
    return result;
  }

  #refuse(node: ParsedNode, path: DefinitionPath, reason: string): void {
    const key = path.findLast((step) => typeof step === 'string');
    this.findings.push(
      finding(
        'value-range',
        `${key === undefined ? '' : `${key}: `}${reason}`,
        node.range[0],
        path,
      ),
    );
    this.#refused.add(pathKey(path));
  }
}
