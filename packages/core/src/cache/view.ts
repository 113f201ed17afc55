import { DaggerError } from '../errors.ts';
import { ownJson, type JsonObject, type JsonValue } from '../json.ts';
import type { Schema } from '../schema/validator.ts';
import type { Cache } from './cache.ts';
import { checkedRead } from './typed-read.ts';

/** A write to the shared values, applied when the attempt succeeds. */
export interface GlobalWrite {
  readonly op: 'set' | 'append';
  readonly namespace: string;
  readonly key: string;
  readonly value: JsonValue;
}

/**
 * What one attempt sees of the cache. Reads see the run as it is now, and the attempt's own writes; writes take effect
 * together with the success of the attempt, and are dropped when it fails.
 */
export class CacheView {
  readonly #cache: Cache;
  readonly #nodeId: string;
  #own: Map<string, JsonValue> | undefined;
  #global: GlobalWrite[] | undefined;

  /** @internal */
  constructor(cache: Cache, nodeId: string) {
    this.#cache = cache;
    this.#nodeId = nodeId;
  }

  /** An output of a node, or a value that this attempt inserted. */
  get<T = JsonValue>(nodeId: string, key: string, schema?: Schema<T>): T | undefined {
    const own = nodeId === this.#nodeId ? this.#own?.get(key) : undefined;
    return own === undefined
      ? this.#cache.get(nodeId, key, schema)
      : checkedRead(own, schema, () => `${nodeId}.${key}`);
  }

  has(nodeId: string, key: string): boolean {
    return this.get(nodeId, key) !== undefined;
  }

  contains(nodeId: string, key?: string): boolean {
    return this.#cache.contains(nodeId, key);
  }

  outputsOf(nodeId: string): JsonObject | undefined {
    return this.#cache.outputsOf(nodeId);
  }

  /** Adds an output of this node beside those that the action returns. @throws DaggerError NOT_JSON */
  insert(key: string, value: unknown): void {
    (this.#own ??= new Map()).set(key, ownJson(value));
  }

  getGlobal<T = JsonValue>(namespace: string, key: string, schema?: Schema<T>): T | undefined {
    let value = this.#cache.getGlobal(namespace, key);
    for (const write of this.#global ?? []) {
      if (write.namespace !== namespace || write.key !== key) continue;
      value =
        write.op === 'set'
          ? write.value
          : [...(Array.isArray(value) ? (value as readonly JsonValue[]) : []), write.value];
    }
    return checkedRead(value, schema, () => `global ${namespace}.${key}`);
  }

  /** The shared values of a namespace with their keys, without what this attempt wrote. */
  globalEntries(namespace: string): readonly (readonly [key: string, value: JsonValue])[] {
    return this.#cache.globalEntries(namespace);
  }

  insertGlobal(namespace: string, key: string, value: unknown): void {
    (this.#global ??= []).push({ op: 'set', namespace, key, value: ownJson(value) });
  }

  /** Adds to the end of a shared list; appends of parallel nodes never overwrite each other. */
  appendGlobal(namespace: string, key: string, value: unknown): void {
    const present = this.getGlobal(namespace, key);
    if (present !== undefined && !Array.isArray(present))
      throw new DaggerError(
        'CACHE_TYPE',
        `cannot append to global ${namespace}.${key}: it is not a list`,
      );
    (this.#global ??= []).push({ op: 'append', namespace, key, value: ownJson(value) });
  }

  /** @internal What the attempt wrote. */
  static writesOf(view: CacheView): {
    readonly own: Map<string, JsonValue> | undefined;
    readonly global: readonly GlobalWrite[] | undefined;
  } {
    return { own: view.#own, global: view.#global };
  }
}

/** @throws DaggerError CACHE_TYPE when an append meets something that is no list, as another node may have made it */
export const checkWrites = (cache: Cache, writes: readonly GlobalWrite[]): void => {
  const replaced = new Map<string, JsonValue>();
  for (const { op, namespace, key, value } of writes) {
    const name = `${namespace.length}:${namespace}${key}`;
    if (op === 'set') replaced.set(name, value);
    else {
      const present = replaced.get(name) ?? cache.getGlobal(namespace, key);
      if (present !== undefined && !Array.isArray(present)) {
        throw new DaggerError(
          'CACHE_TYPE',
          `cannot append to global ${namespace}.${key}: it is not a list`,
        );
      }
    }
  }
};

/** Carries out what an attempt wrote to the shared values. */
export const applyWrites = (cache: Cache, writes: readonly GlobalWrite[]): void => {
  for (const { op, namespace, key, value } of writes) {
    if (op === 'set') cache.insertGlobal(namespace, key, value);
    else cache.appendGlobal(namespace, key, value);
  }
};
