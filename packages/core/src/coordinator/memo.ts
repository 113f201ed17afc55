import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AnyAction } from '../actions/action.ts';
import type { CacheStrategy } from '../graph/model.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../json.ts';
import type { KeyParts, MemoStore, MemoWrite } from '../storage/journal.ts';

const hashOf = (value: JsonValue): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex');

const subjectOf = (strategy: CacheStrategy, inputs: JsonObject): JsonObject =>
  typeof strategy === 'object' && 'custom' in strategy ? { custom: strategy.custom } : { inputs };

/** The key of a result for later runs: SHA-256 over the action, its version and its inputs (or the custom key). */
export const memoKey = (action: AnyAction, strategy: CacheStrategy, inputs: JsonObject): string =>
  hashOf({
    action: action.name,
    version: action.version ?? '1',
    ...subjectOf(strategy, inputs),
  });

/** What the key is made of, to tell later which part of it was another. */
export const keyParts = (
  action: AnyAction,
  strategy: CacheStrategy,
  inputs: JsonObject,
): KeyParts => {
  const version = action.version ?? '1';
  if (typeof strategy === 'object' && 'custom' in strategy)
    return { version, custom: strategy.custom };
  const hashes = Object.entries(inputs).map(([name, value]): [string, string] => [
    name,
    hashOf(value ?? null).slice(0, 16),
  ]);
  return { version, inputs: Object.fromEntries(hashes) };
};

/** The oldest result that a strategy accepts, in milliseconds since the epoch. */
export const memoNotBefore = (strategy: CacheStrategy, now: number): number =>
  typeof strategy === 'object' && 'ttl' in strategy ? now - strategy.ttl * 1000 : 0;

/** Results for later runs of one process, the most recent ones. */
export const memoryMemo = (most: number): MemoStore => {
  // Made at the first use: the structure for thousands of entries costs more than many a run.
  let made: LRUCache<string, MemoWrite> | undefined;
  const store = (): LRUCache<string, MemoWrite> => (made ??= new LRUCache({ max: most }));
  return {
    get(key, notBefore) {
      const found = store().get(key);
      if (found === undefined) return { missed: 'no-result' };
      return found.at >= notBefore ? { outputs: found.outputs } : { missed: 'expired' };
    },
    put: (write) => void store().set(write.key, write),
  };
};
