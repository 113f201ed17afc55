import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Ajv2020, type AnySchema, type ErrorObject } from 'ajv/dist/2020.js';
import { DaggerError } from '../errors.ts';
import type { JsonObject } from '../json.ts';

declare const shape: unique symbol;

/** A JSON Schema (draft 2020-12), with the TypeScript type that it describes. */
export interface JsonSchema<T = unknown> {
  readonly [keyword: string]: unknown;
  readonly [shape]?: T;
}

/** A JSON Schema, or any Standard Schema such as one of Zod, Valibot or ArkType. */
export type Schema<T = unknown> = JsonSchema<T> | StandardSchemaV1<unknown, T>;

/**
 * The same by the type of what goes into it: for values that are checked and stay as they are, whatever the schema would make of
 * them. A JSON Schema changes nothing.
 */
export type InputSchema<T = unknown> = JsonSchema<T> | StandardSchemaV1<T, unknown>;

/** The type of the values that a schema lets through. */
export type SchemaType<S> =
  S extends StandardSchemaV1<unknown, infer T> ? T : S extends JsonSchema<infer T> ? T : never;

/** Gives a JSON Schema the type that it describes: `jsonSchema<{ url: string }>({ type: 'object', ... })`. */
export const jsonSchema = <T>(schema: JsonObject): JsonSchema<T> => schema;

/** What a validator found: the value (which a schema may have changed, by a default for example) or the reasons. */
export type Validation =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly string[]; readonly value?: undefined };

/** Checks a value; asynchronous only where the schema is. */
export type Validator = (value: unknown) => Validation | Promise<Validation>;

const isStandard = (schema: Schema): schema is StandardSchemaV1 => '~standard' in schema;

const located = (path: string, message: string): string =>
  path === '' ? message : `${path}: ${message}`;

const ofAjv = ({ instancePath, message, params }: ErrorObject): string => {
  const extra =
    'additionalProperty' in params
      ? ` (${String(params['additionalProperty'])})`
      : 'allowedValues' in params
        ? ` (${JSON.stringify(params['allowedValues'])})`
        : '';
  return located(
    instancePath.slice(1).replaceAll('/', '.'),
    `${message ?? 'is not valid'}${extra}`,
  );
};

const ofStandard = (issue: StandardSchemaV1.Issue): string =>
  located(
    (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.'),
    issue.message,
  );

const validation = (result: StandardSchemaV1.Result<unknown>): Validation =>
  result.issues === undefined ? { value: result.value } : { issues: result.issues.map(ofStandard) };

const AJV = { allErrors: true, strict: false, validateFormats: false };

let judge: Ajv2020 | undefined;

/**
 * Every schema gets a compiler of its own, so that two may have the same `$id`. The schema of schemas, which takes longer to
 * compile than most, is compiled once for all of them.
 */
class SchemaCompiler extends Ajv2020 {
  override validateSchema(
    schema: AnySchema,
    throwOrLogError?: boolean,
  ): ReturnType<Ajv2020['validateSchema']> {
    judge ??= new Ajv2020(AJV);
    return judge.validateSchema(schema, throwOrLogError);
  }
}

/**
 * Compiles a schema. JSON Schemas are compiled at their first use.
 * @throws DaggerError ACTION_INVALID (at first use) when a JSON Schema is itself wrong.
 */
export const compileSchema = (schema: Schema): Validator => {
  if (isStandard(schema)) {
    return (value) => {
      const result = schema['~standard'].validate(value);
      return result instanceof Promise ? result.then(validation) : validation(result);
    };
  }
  let compiled: ReturnType<Ajv2020['compile']> | undefined;
  return (value) => {
    try {
      compiled ??= new SchemaCompiler(AJV).compile(schema);
    } catch (cause) {
      throw new DaggerError(
        'ACTION_INVALID',
        `the JSON Schema does not compile: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
    return compiled(value) ? { value } : { issues: (compiled.errors ?? []).map(ofAjv) };
  };
};

/** A Standard Schema that can tell its own JSON Schema (Standard JSON Schema, as Zod 4 does). */
interface SelfDescribing {
  readonly jsonSchema?: {
    readonly input?: (options: { readonly target: string }) => unknown;
    readonly output?: (options: { readonly target: string }) => unknown;
  };
}

/** The JSON Schema of a schema; `{ type: 'object' }` where a Standard Schema cannot tell. */
export const describeSchema = (
  schema: Schema | undefined,
  side: 'input' | 'output',
): JsonObject => {
  if (schema === undefined) return { type: 'object' };
  if (!isStandard(schema)) return schema as JsonObject;
  try {
    const told = (schema['~standard'] as SelfDescribing).jsonSchema?.[side]?.({
      target: 'draft-2020-12',
    });
    return typeof told === 'object' && told !== null ? (told as JsonObject) : { type: 'object' };
  } catch {
    return { type: 'object' };
  }
};
