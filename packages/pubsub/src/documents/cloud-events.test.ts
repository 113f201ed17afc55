import type { DaggerError, JsonValue } from '@dagger/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../message/message.ts';
import { nastyText } from '../trace/hostile.fixture.ts';
import { message } from '../trace/message.fixture.ts';
import { fromCloudEvent, toCloudEvent } from './cloud-events.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const FULL: Message = message('m2', {
  source: 'bill',
  headers: { 'x-tenant': 'é', __proto__x: '' },
  causationId: 'm1',
  hops: 3,
  key: 'customer 7',
  traceparent: TRACEPARENT,
});

const foreign = {
  specversion: '1.0',
  id: '1',
  source: '/s',
  type: 't',
  time: '2023-01-01T00:00:00Z',
};

/** Text as CloudEvents allows it. */
const goodText = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter((text) => !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(text));

const anyMessage: fc.Arbitrary<Message> = fc
  .record({
    id: goodText,
    channel: fc.constantFrom('a', 'orders.new', '__proto__.Malmö', '{x}.#?'),
    source: fc.option(goodText),
    time: fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
    payload: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as JsonValue),
    headers: fc.dictionary(nastyText, nastyText),
    causationId: fc.option(goodText),
    correlationId: goodText,
    hops: fc.nat(),
    key: fc.option(goodText),
    traceparent: fc.constantFrom(null, TRACEPARENT),
  })
  .map((fields) => ({ ...fields, headers: Object.fromEntries(Object.entries(fields.headers)) }));

describe('toCloudEvent', () => {
  it('has the attributes of CloudEvents 1.0 and its extensions', () => {
    expect(toCloudEvent(FULL, { source: 'https://shop.example/bus' })).toEqual({
      specversion: '1.0',
      id: 'm2',
      source: 'https://shop.example/bus',
      type: 'orders.new',
      time: '2023-11-14T22:13:20.000Z',
      datacontenttype: 'application/json',
      correlationid: 'm1',
      causationid: 'm1',
      hops: '3',
      agent: 'bill',
      partitionkey: 'customer 7',
      traceparent: TRACEPARENT,
      headers: String.raw`{"x-tenant":"\u00e9","__proto__x":""}`,
      data: { n: 1 },
    });
  });

  it('leaves out what a message does not have, and a traceparent that is none', () => {
    const event = toCloudEvent(message('m1', { traceparent: 'abc' }));
    expect(Object.keys(event)).toEqual([
      'specversion',
      'id',
      'source',
      'type',
      'time',
      'datacontenttype',
      'correlationid',
      'hops',
      'data',
    ]);
    expect(event['source']).toBe('/dagger');
  });

  it('names attributes in lower-case letters and digits only', () => {
    for (const name of Object.keys(toCloudEvent(FULL))) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });

  it.each([
    [{ key: '' }, 'partitionkey must not be empty'],
    [{ key: 'a\nb' }, 'partitionkey has a character in it that CloudEvents does not allow'],
    [{ source: '\ud800' }, 'agent has a character in it'],
    [{ id: '\uffff' }, 'id has a character in it'],
    [{ time: Number.NaN }, 'time must be milliseconds of the years 0 to 9999, not NaN'],
    [{ time: 8.64e15 }, 'time must be milliseconds'],
  ])('refuses what CloudEvents has no form for: %j', (fields, reason) => {
    expect(() => toCloudEvent(message('m1', fields))).toThrow(`CloudEvent: ${reason}`);
  });

  it('refuses a source that is no URI reference', () => {
    expect(() => toCloudEvent(FULL, { source: 'my shop' })).toThrow('source must be a URI');
    expect(() => toCloudEvent(FULL, { source: '' })).toThrow('source must be a URI');
  });
});

describe('fromCloudEvent', () => {
  it('gives back what toCloudEvent was given, also over JSON text', () => {
    expect(fromCloudEvent(toCloudEvent(FULL))).toEqual(FULL);
    fc.assert(
      fc.property(anyMessage, (given) => {
        const text = JSON.stringify(toCloudEvent(given));
        expect(fromCloudEvent(JSON.parse(text))).toEqual(given);
      }),
      { numRuns: 300 },
    );
  });

  it('takes an event from elsewhere as the first of its tree', () => {
    const event = { ...foreign, subject: 'x', dataschema: null, causationid: null, other: 5 };
    expect(fromCloudEvent(event)).toEqual(
      message('1', {
        channel: 't',
        time: 1_672_531_200_000,
        payload: null,
        correlationId: '1',
      }),
    );
  });

  it('gives frozen messages that share nothing with the event', () => {
    const event = { ...foreign, data: { list: [1] } };
    const { payload } = fromCloudEvent(event);
    event.data.list.push(2);
    expect(payload).toEqual({ list: [1] });
    expect(Object.isFrozen(payload)).toBe(true);
  });

  it.each([
    ['2023-01-01t00:00:00.123456+02:00', 1_672_524_000_123],
    ['2024-02-29T23:59:59-23:59', 1_709_337_539_000],
    ['0000-01-01T00:00:00Z', -62_167_219_200_000],
  ])('reads the time %s', (time, expected) => {
    expect(fromCloudEvent({ ...foreign, time }).time).toBe(expected);
  });

  it.each<[unknown, string]>([
    [null, 'the event must be a JSON object, not null'],
    ['{}', "the event must be a JSON object, not '{}'"],
    [[], 'the event must be a JSON object, not a list'],
    [{}, "specversion must be '1.0', not null"],
    [{ ...foreign, data: () => 1 }, 'the event must be JSON: '],
    [{ ...foreign, specversion: '0.3' }, "specversion must be '1.0', not '0.3'"],
    [{ ...foreign, id: undefined }, 'id is missing'],
    [{ ...foreign, id: 7 }, 'id must be text, not 7'],
    [{ ...foreign, id: '' }, 'id must not be empty'],
    [{ ...foreign, source: undefined }, 'source is missing'],
    [{ ...foreign, source: 'a b' }, "source must be a URI reference, not 'a b'"],
    [{ ...foreign, type: undefined }, 'type is missing'],
    [{ ...foreign, type: 'a.*' }, "type channel 'a.*': "],
    [{ ...foreign, time: undefined }, 'time is missing'],
    [{ ...foreign, time: '2023-02-29T00:00:00Z' }, 'time must be a time of RFC 3339'],
    [{ ...foreign, time: '2023-13-01T00:00:00Z' }, 'time must be a time of RFC 3339'],
    [{ ...foreign, time: '2023-01-01T24:00:00Z' }, 'time must be a time of RFC 3339'],
    [{ ...foreign, time: '2023-01-01' }, 'time must be a time of RFC 3339'],
    [{ ...foreign, time: 5 }, 'time must be text, not 5'],
    [{ ...foreign, datacontenttype: 'text/xml' }, "datacontenttype must be JSON, not 'text/xml'"],
    [{ ...foreign, data_base64: 'AA==' }, 'data_base64 holds bytes'],
    [{ ...foreign, causationid: 'x' }, 'correlationid is missing where there is a causationid'],
    [{ ...foreign, correlationid: 'a\u0000' }, 'correlationid has a character in it'],
    [{ ...foreign, hops: '-1' }, "hops must be a whole number as text, not '-1'"],
    [{ ...foreign, hops: '99999999999999999' }, 'hops must be a whole number'],
    [{ ...foreign, hops: 1 }, 'hops must be text, not 1'],
    [{ ...foreign, agent: {} }, 'agent must be text, not a map'],
    [{ ...foreign, partitionkey: '' }, 'partitionkey must not be empty'],
    [{ ...foreign, traceparent: 'x' }, "traceparent must be one of W3C, not 'x'"],
    [{ ...foreign, traceparent: `${TRACEPARENT}-x` }, 'traceparent must be one of W3C'],
    [{ ...foreign, headers: '{' }, 'headers must be JSON as text'],
    [{ ...foreign, headers: '[]' }, "headers must be a JSON object as text, not '[]'"],
    [{ ...foreign, headers: '{"a":1}' }, "headers must hold text, not 1 for 'a'"],
  ])('refuses %j and names the field', (event, reason) => {
    let thrown: DaggerError | undefined;
    try {
      fromCloudEvent(event);
    } catch (error) {
      thrown = error as DaggerError;
    }
    expect(thrown?.code).toBe('MESSAGE_INVALID');
    expect(thrown?.message.slice(0, `CloudEvent: ${reason}`.length)).toBe(`CloudEvent: ${reason}`);
  });

  it.each(['application/json', 'text/json', 'application/vnd.x+json; charset=utf-8', null])(
    'takes the content type %s',
    (datacontenttype) => {
      expect(fromCloudEvent({ ...foreign, datacontenttype, data: '1' }).payload).toBe('1');
    },
  );

  it('takes a traceparent of a later version with more in it', () => {
    const traceparent = `01${TRACEPARENT.slice(2)}-more`;
    expect(fromCloudEvent({ ...foreign, traceparent }).traceparent).toBe(traceparent);
  });
});
