import { DaggerError } from '../errors.ts';
import type { InputField } from '../graph/model.ts';
import { parseReference, RUN_INPUTS, walk } from '../graph/reference.ts';
import type { JsonValue } from '../json.ts';
import type { Schema } from '../schema/validator.ts';
import type { Cache } from './cache.ts';
import { checkedRead } from './typed-read.ts';

/** A reading place of inputs: the whole cache, or the view that an action has of it. */
export type InputSource = Pick<Cache, 'outputsOf' | 'contains'>;

/** The value of one input field: its literal, what its reference points at, or its default. */
const readInput = (source: InputSource, field: InputField): JsonValue | undefined => {
  if (field.value !== undefined) return field.value;
  if (field.reference === undefined) return field.default;
  const reference = parseReference(field.reference, (id) => source.contains(id));
  if (reference === undefined)
    throw new DaggerError(
      'INPUT_INVALID',
      `input '${field.name}': '${field.reference}' is not a reference`,
    );
  const found = walk(source.outputsOf(reference.nodeId ?? RUN_INPUTS), reference.path);
  return found === undefined ? field.default : found;
};

/**
 * Reads the input called `name` of a node as its fields say.
 * @throws DaggerError INPUT_MISSING when there is no such field or its reference leads nowhere
 */
export const parseInputFromName = <T = JsonValue>(
  cache: InputSource,
  name: string,
  inputs: readonly InputField[],
  schema?: Schema<T>,
): T => {
  const field = inputs.find((input) => input.name === name);
  if (field === undefined) {
    throw new DaggerError(
      'INPUT_MISSING',
      `there is no input called '${name}'; there is ${inputs.map((input) => `'${input.name}'`).join(', ') || 'none at all'}`,
    );
  }
  const value = readInput(cache, field);
  if (value === undefined) throw new DaggerError('INPUT_MISSING', missing(field));
  return checkedRead(value, schema, () => `input '${name}'`) as T;
};

const missing = (field: InputField): string =>
  `input '${field.name}' is missing: ${field.reference === undefined ? 'it has no value' : `nothing is at '${field.reference}'`}`;
