import { DaggerError } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { compileSchema, type Schema, type Validator } from '../schema/validator.ts';

const compiled: WeakMap<object, Validator> = new WeakMap();

/**
 * Gives a value the type of a schema by checking it.
 * @throws DaggerError CACHE_TYPE when it does not fit, or when the schema is asynchronous
 */
export const checkedRead = <T>(
  value: JsonValue | undefined,
  schema: Schema<T> | undefined,
  name: () => string,
): T | undefined => {
  if (value === undefined || schema === undefined) return value as T | undefined;
  let validate = compiled.get(schema);
  if (validate === undefined) compiled.set(schema, (validate = compileSchema(schema)));
  const result = validate(value);
  if (result instanceof Promise)
    throw new DaggerError(
      'CACHE_TYPE',
      `the schema for ${name()} is asynchronous; a read of the cache needs one that is not`,
    );
  if (result.issues !== undefined)
    throw new DaggerError(
      'CACHE_TYPE',
      `the cached value ${name()} does not fit the schema: ${result.issues.join('; ')}`,
    );
  return result.value as T;
};
