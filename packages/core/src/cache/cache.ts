import { DaggerError } from '../errors.ts';
import { ownJson, type JsonObject, type JsonValue } from '../json.ts';
import type { Schema } from '../schema/validator.ts';
import { checkedRead } from './typed-read.ts';
import { systemClock, type Clock } from '../clock.ts';
import { GrowingList } from './growing-list.ts';
import { checkLimits, Evictions, type CacheLimits } from './limits.ts';

/** The outputs of a node, kept as the object that it returned until somebody adds to it. */
type Space = JsonObject | Map<string, JsonValue>;

/** One value of a cache: the outputs of nodes have scope `node`, shared values `global`. */
export interface CacheEntry {
  readonly scope: 'node' | 'global';
  /** The id of the node, or the global namespace. */
  readonly space: string;
  readonly key: string;
  readonly value: JsonValue;
}

/** A cache as JSON. */
export interface CacheExport {
  readonly nodes: { readonly [node: string]: JsonObject };
  readonly global: { readonly [namespace: string]: JsonObject };
}

const GLOBAL_MARK = '\u0000global\u0000';

const valueIn = (space: Space | undefined, key: string): JsonValue | undefined =>
  space === undefined
    ? undefined
    : space instanceof Map
      ? space.get(key)
      : Object.hasOwn(space, key)
        ? space[key]
        : undefined;

const entriesOf = function* (space: Space): IterableIterator<[string, JsonValue]> {
  if (space instanceof Map) yield* space;
  else for (const key of Object.keys(space)) if (space[key] !== undefined) yield [key, space[key]];
};

const objectOf = (space: Space): JsonObject => {
  if (!(space instanceof Map)) return space;
  return Object.freeze(Object.fromEntries(space));
};

/**
 * The values of a run: the outputs of each node under its id, and shared values under a global two-part name.
 * Values are JSON, frozen when they come in, and keep their type.
 */
export class Cache {
  readonly #nodes: Map<string, Space> = new Map();
  readonly #global: Map<string, Map<string, JsonValue | GrowingList>> = new Map();
  readonly #evictions: Evictions | undefined;
  /** Whether anybody but a run put values under the id of a node. */
  #inserted = false;
  #needed: (nodeId: string) => boolean = () => false;

  /** @throws DaggerError CONFIG_INVALID naming the limit */
  constructor(limits: CacheLimits = {}, clock: Clock = systemClock) {
    checkLimits(limits);
    if (Object.values(limits).every((value) => value === undefined)) return;
    this.#evictions = new Evictions(
      limits,
      clock,
      (space, key) => this.#drop(space, key),
      (space) => !space.startsWith(GLOBAL_MARK) && this.#needed(space),
    );
  }

  /** Puts a value under the id of a node. @throws DaggerError NOT_JSON */
  insert(nodeId: string, key: string, value: unknown): void {
    const sealed = ownJson(value);
    this.#inserted = true;
    let space = this.#nodes.get(nodeId);
    if (!(space instanceof Map)) {
      space = new Map(space === undefined ? [] : entriesOf(space));
      this.#nodes.set(nodeId, space);
    }
    space.set(key, sealed);
    this.#noteWrite(nodeId, key, sealed);
  }

  /** The value under the id of a node, or undefined. @throws DaggerError CACHE_TYPE when it does not fit the schema */
  get<T = JsonValue>(nodeId: string, key: string, schema?: Schema<T>): T | undefined {
    this.#evictions?.read(nodeId, key);
    const value = valueIn(this.#nodes.get(nodeId), key);
    return checkedRead(value, schema, () => `${nodeId}.${key}`);
  }

  has(nodeId: string, key: string): boolean {
    this.#evictions?.expire();
    return valueIn(this.#nodes.get(nodeId), key) !== undefined;
  }

  /** Whether a node has any value, or (with a key) that one. */
  contains(nodeId: string, key?: string): boolean {
    this.#evictions?.expire();
    return key === undefined ? this.#nodes.has(nodeId) : this.has(nodeId, key);
  }

  /** Removes the values of one node. */
  clearNode(nodeId: string): void {
    const space = this.#nodes.get(nodeId);
    if (space === undefined) return;
    if (this.#evictions) for (const [key] of entriesOf(space)) this.#evictions.removed(nodeId, key);
    this.#nodes.delete(nodeId);
  }

  /** Puts a shared value under a two-part name. @throws DaggerError NOT_JSON */
  insertGlobal(namespace: string, key: string, value: unknown): void {
    const sealed = ownJson(value);
    this.#globalSpace(namespace).set(key, sealed);
    this.#noteWrite(GLOBAL_MARK + namespace, key, sealed);
  }

  /** The shared value, or undefined. @throws DaggerError CACHE_TYPE when it does not fit the schema */
  getGlobal<T = JsonValue>(namespace: string, key: string, schema?: Schema<T>): T | undefined {
    this.#evictions?.read(GLOBAL_MARK + namespace, key);
    return checkedRead(
      this.#globalValue(namespace, key),
      schema,
      () => `global ${namespace}.${key}`,
    );
  }

  /** The shared values of a namespace with their keys, in the order in which the keys were first set. */
  globalEntries(namespace: string): readonly (readonly [key: string, value: JsonValue])[] {
    this.#evictions?.expire();
    const keys = [...(this.#global.get(namespace)?.keys() ?? [])];
    return keys.map((key) => [key, this.#globalValue(namespace, key) as JsonValue]);
  }

  /** Adds to the end of a shared list, which is made when absent. @throws DaggerError CACHE_TYPE when it is no list */
  appendGlobal(namespace: string, key: string, value: unknown): void {
    this.#evictions?.expire();
    let list = this.#global.get(namespace)?.get(key);
    if (!(list instanceof GrowingList)) {
      if (list !== undefined && !Array.isArray(list)) {
        throw new DaggerError(
          'CACHE_TYPE',
          `cannot append to global ${namespace}.${key}: it is not a list`,
        );
      }
      list = new GrowingList((list as readonly JsonValue[] | undefined) ?? []);
    }
    list.append(ownJson(value));
    this.#globalSpace(namespace).set(key, list);
    if (this.#evictions !== undefined) this.#noteWrite(GLOBAL_MARK + namespace, key, list.value);
  }

  #globalValue(namespace: string, key: string): JsonValue | undefined {
    const value = this.#global.get(namespace)?.get(key);
    return value instanceof GrowingList ? value.value : value;
  }

  #globalSpace(namespace: string): Map<string, JsonValue | GrowingList> {
    let space = this.#global.get(namespace);
    if (space === undefined)
      this.#global.set(namespace, (space = new Map<string, JsonValue | GrowingList>()));
    return space;
  }

  /** All values of one node as an object; undefined when it has none. */
  outputsOf(nodeId: string): JsonObject | undefined {
    this.#evictions?.expire();
    const space = this.#nodes.get(nodeId);
    return space === undefined ? undefined : objectOf(space);
  }

  /** @internal Takes over the sealed outputs of a completed node; earlier values under other keys stay. */
  setOutputs(nodeId: string, outputs: JsonObject): void {
    const present = this.#inserted ? this.#nodes.get(nodeId) : undefined;
    this.#nodes.set(
      nodeId,
      present === undefined ? outputs : Object.freeze({ ...objectOf(present), ...outputs }),
    );
    if (this.#evictions)
      for (const [key, value] of entriesOf(outputs)) this.#noteWrite(nodeId, key, value);
  }

  /** @internal Tells which nodes' outputs a run still needs; those are never evicted. */
  keepWhile(needed: (nodeId: string) => boolean): void {
    this.#needed = needed;
  }

  /** Every value; the order is that of insertion within a scope. */
  *entries(): IterableIterator<CacheEntry> {
    this.#evictions?.expire();
    for (const [space, values] of this.#nodes)
      for (const [key, value] of entriesOf(values)) yield { scope: 'node', space, key, value };
    for (const [space, values] of this.#global)
      for (const key of values.keys())
        yield { scope: 'global', space, key, value: this.#globalValue(space, key) as JsonValue };
  }

  [Symbol.iterator](): IterableIterator<CacheEntry> {
    return this.entries();
  }

  /** The number of values. Costs a walk over the nodes. */
  get size(): number {
    this.#evictions?.expire();
    let size = 0;
    for (const space of this.#nodes.values())
      size += space instanceof Map ? space.size : Object.keys(space).length;
    for (const space of this.#global.values()) size += space.size;
    return size;
  }

  clear(): void {
    if (this.#evictions)
      for (const { scope, space, key } of this.entries())
        this.#evictions.removed(scope === 'node' ? space : GLOBAL_MARK + space, key);
    this.#nodes.clear();
    this.#global.clear();
  }

  /** Whether values may be dropped. */
  get isLimited(): boolean {
    return this.#evictions !== undefined;
  }

  /** Everything as plain data; `Cache.fromJSON` gives it back exactly. */
  toJSON(): CacheExport {
    this.#evictions?.expire();
    return {
      nodes: Object.fromEntries([...this.#nodes].map(([id, space]) => [id, objectOf(space)])),
      global: Object.fromEntries(
        [...this.#global].map(([id, space]) => [
          id,
          Object.fromEntries([...space.keys()].map((key) => [key, this.#globalValue(id, key)])),
        ]),
      ),
    };
  }

  /** Compact JSON text; `{ pretty: true }` indents it. */
  serialize(options: { readonly pretty?: boolean } = {}): string {
    return JSON.stringify(this.toJSON(), null, options.pretty === true ? 2 : 0);
  }

  /** Reads what `serialize` or `toJSON` gave. @throws DaggerError CACHE_TYPE when it is something else */
  static fromJSON(exported: string | CacheExport, limits?: CacheLimits): Cache {
    const cache = new Cache(limits);
    let data: unknown = exported;
    if (typeof exported === 'string') {
      try {
        data = JSON.parse(exported);
      } catch (cause) {
        throw new DaggerError('CACHE_TYPE', 'an exported cache is JSON text', { cause });
      }
    }
    const { nodes, global } = (typeof data === 'object' && data !== null ? data : {}) as {
      readonly nodes?: unknown;
      readonly global?: unknown;
    };
    for (const [part, insert] of [
      [nodes, (space: string, key: string, value: unknown) => cache.insert(space, key, value)],
      [
        global,
        (space: string, key: string, value: unknown) => cache.insertGlobal(space, key, value),
      ],
    ] as const) {
      if (typeof part !== 'object' || part === null || Array.isArray(part))
        throw new DaggerError(
          'CACHE_TYPE',
          'an exported cache is an object with "nodes" and "global"',
        );
      for (const [space, values] of Object.entries(part as Readonly<Record<string, unknown>>)) {
        if (typeof values !== 'object' || values === null || Array.isArray(values))
          throw new DaggerError(
            'CACHE_TYPE',
            `the part '${space}' of an exported cache must be an object`,
          );
        for (const [key, value] of Object.entries(values as Readonly<Record<string, unknown>>))
          insert(space, key, value);
      }
    }
    return cache;
  }

  #noteWrite(space: string, key: string, value: JsonValue): void {
    if (this.#evictions) this.#evictions.written(space, key, JSON.stringify(value).length);
  }

  #drop(space: string, key: string): void {
    if (space.startsWith(GLOBAL_MARK)) {
      this.#global.get(space.slice(GLOBAL_MARK.length))?.delete(key);
      return;
    }
    const values = this.#nodes.get(space);
    if (values === undefined) return;
    const rest = new Map(entriesOf(values));
    rest.delete(key);
    if (rest.size > 0) this.#nodes.set(space, rest);
    else this.#nodes.delete(space);
  }
}
