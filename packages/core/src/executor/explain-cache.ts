import type { ActionRegistry } from '../actions/registry.ts';
import type { Cache } from '../cache/cache.ts';
import { resolveInputs } from '../coordinator/inputs.ts';
import { keyParts } from '../coordinator/memo.ts';
import type { CacheStrategy, NodeDefinition } from '../graph/model.ts';
import { NodeFlag } from '../graph/topology.ts';
import type { Reason } from '../run/explain.ts';
import type { RunState } from '../run/state.ts';
import type { KeyParts } from '../storage/journal.ts';
import { partsBefore } from '../storage/memo-rows.ts';
import type { Storage } from '../storage/storage.ts';

interface Subject {
  readonly dagName: string;
  readonly state: RunState;
  readonly cache: Cache;
  readonly n: number;
  readonly registry: ActionRegistry;
  readonly storage: Storage | undefined;
}

const fact = (text: string): Reason => ({ kind: 'cache', text });

/** Which parts of a key are other than they were. */
const differences = (before: KeyParts, now: KeyParts, versionKnown: boolean): string[] => {
  const found: string[] = [];
  if (versionKnown && before.version !== now.version)
    found.push(`the version of the action was '${before.version}' and is '${now.version}'`);
  if (before.custom !== now.custom)
    found.push(`the custom key was ${JSON.stringify(before.custom ?? null)}`);
  const names = new Set([...Object.keys(before.inputs ?? {}), ...Object.keys(now.inputs ?? {})]);
  for (const name of names) {
    const [old, current] = [before.inputs?.[name], now.inputs?.[name]];
    if (old === current) continue;
    if (old === undefined) found.push(`input '${name}' is new`);
    else found.push(current === undefined ? `input '${name}' is gone` : `input '${name}' changed`);
  }
  return found;
};

/** The parts of the key that the node has in this run; undefined when its inputs cannot be had any more. */
const partsNow = ({ state, cache, n, registry }: Subject): KeyParts | undefined => {
  const { action, cacheStrategy } = state.topology.definitions[n] as NodeDefinition;
  try {
    const inputs = resolveInputs(state, cache, n, undefined);
    if (inputs instanceof Promise) return undefined;
    const known = registry.get(action) ?? { name: action, execute: () => {} };
    return keyParts(known, cacheStrategy as CacheStrategy, inputs);
  } catch {
    return undefined;
  }
};

/** What the results of earlier runs had to do with a node: a hit, or a miss and which part of the key was another. */
export const explainCache = async (subject: Subject): Promise<readonly Reason[]> => {
  const { dagName, state, n, registry, storage } = subject;
  const notes = state.notes.get(n);
  if (((state.topology.flags[n] as number) & NodeFlag.CACHED) === 0) return [];
  if (notes?.again === true)
    return [fact('this run was made to do it again, so no result of an earlier run was used')];
  if (notes?.cached === true)
    return [fact('the same action ran with the same inputs before, so its outputs were used')];
  if (notes?.missed === 'expired')
    return [
      fact('there was a result of an earlier run, and it was older than the ttl of the node'),
    ];
  if (notes?.missed === undefined) return [];
  const { id, action } = state.topology.definitions[n] as NodeDefinition;
  const miss = 'no result of an earlier run has its key';
  const before =
    storage &&
    (await partsBefore(storage, {
      action,
      node: `${dagName}/${id}`,
      before: state.startedAt[n] as number,
    }));
  const now = partsNow(subject);
  if (before === undefined || now === undefined)
    return [fact(before === undefined ? `${miss}: it is the first of this node` : miss)];
  const different = differences(before, now, registry.contains(action));
  return [fact(different.length === 0 ? miss : `${miss}: ${different.join('; ')}`)];
};
