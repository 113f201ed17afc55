import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type ParsedNode,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { grouped } from '../describe.ts';
import { printable, quote } from '../diagnostic.ts';
import { finding, type Finding } from './finding.ts';
import { isMergeKey, keyText } from './key.ts';
import { DEEPEST, type ParsedText } from './parse.ts';
import { tagProblem } from './tags.ts';

/** Nodes that aliases may stand for in all; more where the text itself is large. */
const EXPANSION = 100_000;
const EXPANSION_PER_SCALAR = 10;
const MOST_FINDINGS = 100;

/** What a node is when every alias is replaced by what it stands for. */
interface Extent {
  readonly nodes: number;
  readonly depth: number;
}

const LEAF: Extent = { nodes: 1, depth: 1 };

type TreeFacts = Pick<ParsedText, 'scalars' | 'tagOffsets'>;

export interface Inspected {
  /** What each good alias stands for. */
  readonly targets: ReadonlyMap<Alias, ParsedNode>;
  /** Nodes that were reported and must not be judged again. */
  readonly broken: ReadonlySet<unknown>;
  readonly findings: readonly Finding[];
}

/** One walk over the tree of a document, in the order of the text. */
class Inspection {
  readonly targets: Map<Alias, ParsedNode> = new Map();
  readonly broken: Set<unknown> = new Set();
  readonly findings: Finding[] = [];
  readonly #anchors: Map<string, ParsedNode> = new Map();
  readonly #open: Set<ParsedNode> = new Set();
  readonly #extents: Map<ParsedNode, Extent> = new Map();
  readonly #path: (string | number)[] = [];
  readonly #reportedOwners: Set<string> = new Set();
  readonly #most: number;
  #expanded = 0;

  readonly #tagOffsets: readonly number[];

  constructor({ scalars, tagOffsets }: TreeFacts) {
    this.#most = Math.max(EXPANSION, EXPANSION_PER_SCALAR * scalars);
    this.#tagOffsets = tagOffsets;
  }

  visit(node: ParsedNode): Extent {
    if (isAlias(node)) return this.#alias(node);
    const { anchor } = node;
    if (anchor !== undefined) {
      this.#anchors.set(anchor, node);
      this.#open.add(node);
    }
    const wrongTag = tagProblem(node);
    if (wrongTag !== undefined) this.#report('tag-unknown', `${wrongTag}${this.#owner()}`, node);
    const extent = isMap(node) ? this.#map(node) : isSeq(node) ? this.#list(node) : LEAF;
    if (anchor !== undefined) {
      this.#open.delete(node);
      this.#extents.set(node, extent);
    }
    return extent;
  }

  #report(code: Finding['code'], message: string, node: ParsedNode): void {
    this.broken.add(node);
    const offset = code === 'tag-unknown' ? this.#tagOffset(node) : node.range[0];
    if (this.findings.length < MOST_FINDINGS)
      this.findings.push(finding(code, message, offset, [...this.#path]));
  }

  /** The range of a node begins behind its tag, which may stand on an earlier line. */
  #tagOffset(node: ParsedNode): number {
    return this.#tagOffsets.findLast((offset) => offset <= node.range[0]) ?? node.range[0];
  }

  /** The key that a value belongs to, for messages. */
  #owner(): string {
    const key = this.#path.findLast((step) => typeof step === 'string');
    return key === undefined ? '' : ` (in ${quote(key)})`;
  }

  #alias(alias: Alias.Parsed): Extent {
    const name = `*${printable(alias.source, 40)}`;
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#report(
        'syntax',
        `the alias ${name} has no anchor &${printable(alias.source, 40)} before it${this.#owner()}`,
        alias,
      );
      return LEAF;
    }
    if (this.#open.has(target)) {
      this.#report(
        'alias-bomb',
        `the alias ${name} makes a cycle: it stands for a value that contains it${this.#owner()}`,
        alias,
      );
      return LEAF;
    }
    const extent = this.#extents.get(target) ?? LEAF;
    this.#expanded += extent.nodes;
    if (this.#expanded > this.#most || this.#path.length + extent.depth > DEEPEST)
      this.#reportBomb(alias, name, extent);
    else this.targets.set(alias, target);
    return extent;
  }

  /** Once for each node or top-level key: the first one says enough. */
  #reportBomb(alias: Alias.Parsed, name: string, extent: Extent): void {
    this.broken.add(alias);
    const owner = this.#path.slice(0, this.#path[0] === 'nodes' ? 2 : 1).join('.');
    if (this.#reportedOwners.has(owner)) return;
    this.#reportedOwners.add(owner);
    const reason =
      this.#expanded > this.#most
        ? `the alias ${name} expands to ${grouped(extent.nodes)} values; with the aliases before it that is more than ${grouped(this.#most)}`
        : `the alias ${name} stands for a value nested so deep that the depth exceeds ${DEEPEST} levels`;
    this.#report('alias-bomb', `${reason}${this.#owner()}`, alias);
  }

  #list(list: YAMLSeq.Parsed): Extent {
    let nodes = 1;
    let depth = 0;
    list.items.forEach((item, i) => {
      this.#path.push(i);
      const extent = this.visit(item);
      this.#path.pop();
      nodes += extent.nodes;
      depth = Math.max(depth, extent.depth);
    });
    return { nodes, depth: depth + 1 };
  }

  #map(map: YAMLMap.Parsed): Extent {
    const seen = new Set<string>();
    let nodes = 1;
    let depth = 0;
    for (const { key, value } of map.items) {
      const name = this.#key(key, seen);
      this.#path.push(name ?? '?');
      if (isCollection(key)) this.visit(key);
      if (value !== null) {
        const extent = this.visit(value);
        nodes += extent.nodes;
        depth = Math.max(depth, extent.depth);
        if (isMergeKey(key)) this.#merge(value);
      }
      this.#path.pop();
    }
    return { nodes, depth: depth + 1 };
  }

  #key(key: ParsedNode, seen: Set<string>): string | undefined {
    const name = keyText(key);
    if (name === undefined) {
      const what = isAlias(key)
        ? `the alias *${printable(key.source, 40)}`
        : isScalar(key)
          ? 'null'
          : isMap(key)
            ? 'a map'
            : 'a list';
      this.#report('type', `a key must be text, not ${what}`, key);
      return undefined;
    }
    const wrongTag = tagProblem(key);
    if (wrongTag !== undefined) this.#report('tag-unknown', wrongTag, key);
    if (name === '__proto__')
      this.#report('key-unknown', `the key '__proto__' is not allowed`, key);
    else if (seen.has(name) && !isMergeKey(key))
      this.#report('key-duplicate', `duplicate key ${quote(name)}: the map has it already`, key);
    seen.add(name);
    return name;
  }

  #merge(value: ParsedNode): void {
    for (const part of isSeq(value) ? value.items : [value]) {
      if (this.broken.has(part)) continue;
      const from = isAlias(part) ? this.targets.get(part) : part;
      if (isMap(from)) continue;
      this.#report(
        'type',
        `the merge key '<<' takes a map or a list of maps, not ${isSeq(from) ? 'a list' : 'a single value'}`,
        part,
      );
    }
  }
}

/** Finds what is wrong with a tree whatever it means: tags, keys, aliases, merges. */
export const inspectTree = (root: ParsedNode, facts: TreeFacts): Inspected => {
  const inspection = new Inspection(facts);
  inspection.visit(root);
  return inspection;
};
