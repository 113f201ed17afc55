import type { Cache } from '../cache/cache.ts';
import { DaggerError } from '../errors.ts';
import type { InputField } from '../graph/model.ts';
import { parseReference, RUN_INPUTS, walk, type Reference } from '../graph/reference.ts';
import { EMPTY_OBJECT, type JsonObject, type JsonValue } from '../json.ts';
import type { RunState } from '../run/state.ts';
import { isSettled, Status, statusName } from '../run/status.ts';

/** Loads the outputs of a node that the cache had to drop. */
export type LoadOutputs = (n: number) => Promise<JsonObject | undefined>;

const whyMissing = (state: RunState, reference: Reference): string => {
  if (reference.nodeId === undefined) return `the run has no input '${reference.path[0]}'`;
  const n = state.topology.numberOf(reference.nodeId);
  if (n === undefined) return `there is no node '${reference.nodeId}'`;
  const status = state.status[n] as number;
  return status === Status.SUCCEEDED
    ? `node '${reference.nodeId}' has no output '${reference.path.join('.')}'`
    : `node '${reference.nodeId}' is ${statusName(status)}`;
};

const valueOf = (
  state: RunState,
  cache: Cache,
  field: InputField,
  reference: Reference | undefined,
  loaded: ReadonlyMap<string, JsonObject> | undefined,
): JsonValue => {
  if (field.value !== undefined) return field.value;
  if (field.reference !== undefined) {
    if (reference === undefined)
      throw new DaggerError(
        'INPUT_INVALID',
        `input '${field.name}': '${field.reference}' is not a reference`,
      );
    const space = reference.nodeId ?? RUN_INPUTS;
    const found =
      walk(cache.outputsOf(space), reference.path) ?? walk(loaded?.get(space), reference.path);
    if (found !== undefined) return found;
    if (field.default === undefined)
      throw new DaggerError(
        'INPUT_MISSING',
        `input '${field.name}': nothing is at '${field.reference}', ${whyMissing(state, reference)}`,
      );
  }
  if (field.default === undefined)
    throw new DaggerError('INPUT_MISSING', `input '${field.name}' has no value`);
  return field.default;
};

/**
 * The inputs of a node: the literals and references of its definition, and over them what a command set. A promise only
 * where outputs must be loaded again.
 * @throws DaggerError INPUT_MISSING naming the input, the reference and what is wrong with it
 */
export const resolveInputs = (
  state: RunState,
  cache: Cache,
  n: number,
  load: LoadOutputs | undefined,
): JsonObject | Promise<JsonObject> => {
  const fields = state.topology.definitions[n]?.inputs ?? [];
  const set = state.notes.get(n)?.inputs;
  if (fields.length === 0) return set ?? EMPTY_OBJECT;
  const references = fields.map((field) =>
    field.reference === undefined
      ? undefined
      : parseReference(field.reference, (id) => state.topology.numberOf(id) !== undefined),
  );
  const build = (loaded?: ReadonlyMap<string, JsonObject>): JsonObject => {
    const entries: [string, JsonValue][] = [];
    fields.forEach((field, i) => {
      if (set === undefined || !Object.hasOwn(set, field.name))
        entries.push([field.name, valueOf(state, cache, field, references[i], loaded)]);
    });
    // fromEntries defines properties, so that no name can reach a prototype.
    return Object.freeze(
      Object.fromEntries(set === undefined ? entries : [...entries, ...Object.entries(set)]),
    ) as JsonObject;
  };
  const dropped =
    load === undefined
      ? []
      : references.filter(
          (r): r is Reference & { readonly nodeId: string } =>
            r?.nodeId !== undefined && isDropped(state, cache, r.nodeId, r.path),
        );
  if (load === undefined || dropped.length === 0) return build();
  const ids = [...new Set(dropped.map((r) => r.nodeId))];
  return Promise.all(
    ids.map(async (id) => [id, await load(state.topology.numberOf(id) as number)] as const),
  ).then((pairs) =>
    build(new Map(pairs.filter((pair): pair is [string, JsonObject] => pair[1] !== undefined))),
  );
};

/** Whether a limited cache may have had to drop what a reference names; it drops value by value. */
const isDropped = (state: RunState, cache: Cache, id: string, path: Reference['path']): boolean => {
  const n = state.topology.numberOf(id);
  return (
    n !== undefined &&
    isSettled(state.status[n] as number) &&
    state.status[n] === Status.SUCCEEDED &&
    (cache.isLimited ? walk(cache.outputsOf(id), path) === undefined : !cache.contains(id))
  );
};
