import { isAlias, isMap, isSeq, type Alias, type ParsedNode, type YAMLMap } from 'yaml';
import { isMergeKey, keyText } from './key.ts';

export interface Entry {
  readonly key: ParsedNode;
  readonly value: ParsedNode | null;
}

const LONG = 64;

/** Reads nodes through their aliases and maps through their merge keys. */
export class Entries {
  readonly #targets: ReadonlyMap<Alias, ParsedNode>;
  readonly #broken: ReadonlySet<unknown>;
  readonly #known: Map<YAMLMap.Parsed, ReadonlyMap<string, Entry>> = new Map();

  constructor(targets: ReadonlyMap<Alias, ParsedNode>, broken: ReadonlySet<unknown>) {
    this.#targets = targets;
    this.#broken = broken;
  }

  /** What an alias stands for; undefined where that was refused. */
  resolve(node: ParsedNode): Exclude<ParsedNode, Alias.Parsed> | undefined {
    return isAlias(node)
      ? (this.#targets.get(node) as Exclude<ParsedNode, Alias.Parsed> | undefined)
      : node;
  }

  isBroken(node: ParsedNode): boolean {
    return this.#broken.has(node);
  }

  /** The entries of a map by the text of their keys: its own, then those merged in, the first of a list first. */
  of(map: YAMLMap.Parsed): ReadonlyMap<string, Entry> {
    const known = this.#known.get(map);
    if (known !== undefined) return known;
    const entries = new Map<string, Entry>();
    const merges: ParsedNode[] = [];
    for (const { key, value } of map.items) {
      const name = keyText(key);
      if (name === undefined || this.#broken.has(key)) continue;
      if (isMergeKey(key)) {
        if (value !== null) merges.push(value);
      } else entries.set(name, { key, value });
    }
    for (const merge of merges) {
      const from = this.resolve(merge);
      for (const part of isSeq(from) ? from.items : [from]) {
        const source = part && this.resolve(part);
        if (!isMap(source)) continue;
        for (const [name, entry] of this.of(source))
          if (!entries.has(name)) entries.set(name, entry);
      }
    }
    // Worth remembering where others may take it over, or where it is long and many problems are to be placed in it.
    if (map.anchor !== undefined || map.items.length > LONG) this.#known.set(map, entries);
    return entries;
  }
}
