import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AnyAction } from '../actions/action.ts';
import type { CacheStrategy } from '../graph/model.ts';
import { canonicalJson, type JsonObject } from '../json.ts';
import type { MemoStore, MemoWrite } from '../storage/journal.ts';

/** The key of a result for later runs: SHA-256 over the action, its version and its inputs (or the custom key). */
export const memoKey = (action: AnyAction, strategy: CacheStrategy, inputs: JsonObject): string => {
  const subject =
    typeof strategy === 'object' && 'custom' in strategy ? { custom: strategy.custom } : { inputs };
  return createHash('sha256')
    .update(canonicalJson({ action: action.name, version: action.version ?? '1', ...subject }))
    .digest('hex');
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
      return found !== undefined && found.at >= notBefore ? found.outputs : undefined;
    },
    put: (write) => void store().set(write.key, write),
  };
};
