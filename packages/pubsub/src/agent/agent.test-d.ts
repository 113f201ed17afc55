import { jsonSchema, type JsonValue } from '@dagger/core';
import { z } from 'zod';
import { definePubSubAgent, type AnyPubSubAgent, type PubSubAgent } from './agent.ts';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(): T => true as T;

/** Payloads come from the schemas. */
export const zodAgent: PubSubAgent<{ id: string; items: string[] }, { item: string }> =
  definePubSubAgent({
    name: 'packer',
    subscriptions: ['order'],
    input: z.object({ id: z.string(), items: z.array(z.string()) }),
    output: z.object({ item: z.string() }),
    orderBy: ({ payload }) => payload.id,
    processMessage: ({ payload }, ctx) => {
      is<Equal<typeof payload, { id: string; items: string[] }>>();
      for (const item of payload.items) ctx.publish('parcel', { item });
    },
  });

/** They are what was published, and not what a schema would make of it. */
export const converting: AnyPubSubAgent = definePubSubAgent({
  name: 'converting',
  subscriptions: ['order'],
  input: z.object({
    count: z.coerce.number(),
    size: z.number().default(1),
    length: z.string().transform((text) => text.length),
  }),
  output: z.object({ tag: z.string().default('none'), day: z.iso.date().transform(Date.parse) }),
  processMessage: ({ payload }, ctx) => {
    is<Equal<typeof payload, { count: unknown; size?: number | undefined; length: string }>>();
    // @ts-expect-error -- the default is not filled in
    payload.size.toFixed();
    ctx.publish('out', { day: '2026-01-01' });
    // @ts-expect-error -- the schema takes a text
    ctx.publish('out', { day: 0 });
  },
});

/** A JSON Schema brings the type that it was given. */
export const jsonAgent: PubSubAgent<{ n: number }, string> = definePubSubAgent({
  name: 'json',
  subscriptions: ['n'],
  input: jsonSchema<{ n: number }>({ type: 'object' }),
  output: jsonSchema<string>({ type: 'string' }),
  processMessage: ({ payload }, ctx) => ctx.publish('text', payload.n.toFixed(2)),
});

/** Types may be given beside a schema, and without one. */
export const typed: PubSubAgent<{ n: number }, number> = definePubSubAgent<{ n: number }, number>({
  name: 'typed',
  subscriptions: ['n'],
  input: { type: 'object' },
  processMessage: ({ payload: { n } }, ctx) => ctx.publish('twice', n * 2),
});

/** Without schemas and types, payloads are JSON. */
export const plain: PubSubAgent = definePubSubAgent({
  name: 'plain',
  subscriptions: ['any'],
  processMessage: ({ payload }, ctx) => {
    is<Equal<typeof payload, JsonValue>>();
    ctx.publish('any', payload);
  },
});

definePubSubAgent({
  name: 'wrong',
  subscriptions: ['n'],
  output: z.object({ n: z.number() }),
  // @ts-expect-error -- an output of the wrong type
  processMessage: (_, ctx) => ctx.publish('out', { n: 'one' }),
});

/** All of them go into one bus. */
export const agents: readonly AnyPubSubAgent[] = [zodAgent, converting, jsonAgent, typed, plain];
