import type { JsonObject, JsonValue } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { agent, object } from '../topology/agents.fixture.ts';
import { asyncApi } from './async-api.ts';

const INFO = { title: 'Shop', version: '1.2.3' };

const at = (document: JsonValue, pointer: string): JsonValue | undefined =>
  pointer
    .split('/')
    .slice(1)
    .reduce<JsonValue | undefined>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as JsonObject)[step]
          : undefined,
      document,
    );

/** Everything that a document refers to in itself. */
const refsOf = (value: JsonValue): readonly string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, one]) =>
        key === '$ref' && typeof one === 'string' ? [one] : refsOf(one ?? null),
      );

const expectRefs = (document: JsonObject): void => {
  const refs = refsOf(document);
  expect(refs.length).toBeGreaterThan(0);
  for (const ref of refs) expect([ref, at(document, ref.slice(1))]).not.toEqual([ref, undefined]);
};

describe('asyncApi', () => {
  it('describes what agents receive and send', () => {
    const order = { ...object({ id: { type: 'string' } }), title: 'Order' };
    const document = asyncApi(
      [
        agent('bill', ['orders.*'], ['bills'], { description: 'Writes bills', input: order }),
        agent('shop', ['start'], ['orders.new'], { output: order }),
      ],
      { ...INFO, description: 'Sells' },
    );
    expect(document).toEqual({
      asyncapi: '3.0.0',
      info: { title: 'Shop', version: '1.2.3', description: 'Sells' },
      defaultContentType: 'application/json',
      channels: {
        'orders.p1': {
          address: 'orders.{p1}',
          parameters: { p1: { description: 'one part of the name of the channel' } },
          messages: { 'bill.input': { $ref: '#/components/messages/bill.input' } },
        },
        bills: {
          address: 'bills',
          messages: { anything: { $ref: '#/components/messages/anything' } },
        },
        start: {
          address: 'start',
          messages: { anything: { $ref: '#/components/messages/anything' } },
        },
        'orders.new': {
          address: 'orders.new',
          messages: { 'bill.input': { $ref: '#/components/messages/bill.input' } },
        },
      },
      operations: {
        'bill.receive.orders.p1': {
          action: 'receive',
          channel: { $ref: '#/channels/orders.p1' },
          title: 'bill',
          description: 'Writes bills',
          messages: [{ $ref: '#/channels/orders.p1/messages/bill.input' }],
        },
        'bill.send.bills': {
          action: 'send',
          channel: { $ref: '#/channels/bills' },
          title: 'bill',
          description: 'Writes bills',
          messages: [{ $ref: '#/channels/bills/messages/anything' }],
        },
        'shop.receive.start': {
          action: 'receive',
          channel: { $ref: '#/channels/start' },
          title: 'shop',
          messages: [{ $ref: '#/channels/start/messages/anything' }],
        },
        'shop.send.orders.new': {
          action: 'send',
          channel: { $ref: '#/channels/orders.new' },
          title: 'shop',
          messages: [{ $ref: '#/channels/orders.new/messages/bill.input' }],
        },
      },
      components: {
        messages: {
          'bill.input': {
            name: 'bill.input',
            title: 'Order',
            contentType: 'application/json',
            payload: { $ref: '#/components/schemas/bill.input' },
          },
          anything: {
            name: 'anything',
            contentType: 'application/json',
            payload: { $ref: '#/components/schemas/anything' },
          },
        },
        schemas: { 'bill.input': order, anything: {} },
      },
    });
    expectRefs(document);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('makes parameters of wildcards, and of parts that an address cannot hold', () => {
    const document = asyncApi([agent('a', ['x.*.{y}.*.>'])], INFO);
    expect(at(document, '/channels/x.p1.p2.p3.rest')).toMatchObject({
      address: 'x.{p1}.{p2}.{p3}.{rest}',
      parameters: { p1: {}, p2: { enum: ['{y}'] }, p3: {}, rest: {} },
    });
  });

  it('keeps apart what would have the same id', () => {
    const document = asyncApi(
      [agent('a b', ['x.*', 'x.p1', 'x.!', 'x.?!']), agent('a!b', ['__proto__', 'proto'])],
      INFO,
    );
    expect(Object.keys(document['channels'] as JsonObject)).toEqual([
      'x.p1',
      'x.p1-2',
      'x._',
      'x.p1-3',
      'proto',
      'proto-2',
    ]);
    expect(Object.keys(document['operations'] as JsonObject)).toHaveLength(6);
    expectRefs(document);
  });

  it('lets schemas refer to themselves, and leaves values of theirs alone', () => {
    const input: JsonObject = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://shop.example/tree',
      $defs: { leaf: { type: 'string' } },
      properties: {
        left: { $ref: '#' },
        leaf: { $ref: '#/$defs/leaf' },
        $ref: { type: 'string', const: '#/x' },
        const: { $ref: '#/$defs/leaf' },
        far: { $ref: 'https://shop.example/other' },
      },
      examples: [{ $ref: '#/x' }],
    };
    const document = asyncApi([agent('a', ['x'], [], { input })], INFO);
    const base = '#/components/schemas/a.input';
    expect(at(document, '/components/schemas/a.input')).toEqual({
      $defs: { leaf: { type: 'string' } },
      properties: {
        left: { $ref: base },
        leaf: { $ref: `${base}/$defs/leaf` },
        $ref: { type: 'string', const: '#/x' },
        const: { $ref: `${base}/$defs/leaf` },
        far: { $ref: 'https://shop.example/other' },
      },
      examples: [{ $ref: '#/x' }],
    });
  });

  it('refuses two agents of one name', () => {
    expect(() => asyncApi([agent('a', ['x']), agent('a', ['y'])], INFO)).toThrow('two agents');
  });
});
