import { z } from 'zod';
import { jsonSchema, type SchemaType } from '../schema/validator.ts';
import { defineAction, type Action, type AnyAction } from './action.ts';
import { success } from './output.ts';
import { ActionRegistry } from './registry.ts';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(): T => true as T;

/** Inputs and outputs come from the schemas. */
export const zodAction: Action<{ limit: number; tag: string }, { rows: string[] }> = defineAction({
  name: 'a',
  input: z.object({ limit: z.number().default(10), tag: z.string() }),
  output: z.object({ rows: z.array(z.string()) }),
  execute: ({ inputs }) => {
    is<Equal<typeof inputs, { limit: number; tag: string }>>();
    return { rows: [inputs.tag.repeat(inputs.limit)] };
  },
});

/** A JSON Schema brings the type that it was given. */
export const jsonAction: Action<{ url: string }, { n: number }> = defineAction({
  name: 'b',
  input: jsonSchema<{ url: string }>({ type: 'object' }),
  execute: async ({ inputs }) => Promise.resolve({ n: inputs.url.length }),
});

is<Equal<SchemaType<ReturnType<typeof jsonSchema<{ n: 1 }>>>, { n: 1 }>>();

/** The long form of a result is typed alike. */
export const long: Action<object, { n: number }> = defineAction<object, { n: number }>({
  name: 'c',
  execute: () => success({ n: 1 }, { model: 'm' }),
});

defineAction({
  name: 'd',
  input: z.object({ n: z.number() }),
  // @ts-expect-error -- the schema has no such input
  execute: ({ inputs }) => ({ m: inputs.m }),
});

defineAction({
  name: 'e',
  output: z.object({ n: z.number() }),
  // @ts-expect-error -- an output of the wrong type
  execute: () => ({ n: 'one' }),
});

// @ts-expect-error -- an action has a function
defineAction({ name: 'g' });

defineAction({
  name: 'h',
  execute(ctx) {
    // @ts-expect-error -- the context cannot be changed
    ctx.attempt = 2;
  },
});

/** Typed actions and plain objects go into one registry. */
export const registry: ActionRegistry = new ActionRegistry([
  zodAction,
  jsonAction,
  { name: 'plain', execute: () => ({ anything: 1 }) },
]);
export const held: readonly AnyAction[] = [zodAction];

// The schema says what the outputs are; giving back less is an error.
export const forgetful: AnyAction = defineAction({
  name: 'forgetful',
  output: z.object({ rows: z.array(z.string()) }),
  // @ts-expect-error -- rows are missing
  execute: () => ({}),
});
