import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messageTo, openTransport, read, type Reader } from './world.ts';

const PATTERNS: readonly (readonly [pattern: string, matching: readonly string[]])[] = [
  ['a', ['a']],
  ['a.b', ['a.b']],
  ['*', ['a', 'b']],
  ['a.*', ['a.b', 'a.c']],
  ['*.b', ['a.b', 'b.b']],
  ['a.>', ['a.b', 'a.c', 'a.b.c']],
  ['a.*.c', ['a.b.c']],
  ['>', ['a', 'b', 'a.b', 'a.c', 'b.b', 'a.b.c']],
];
const CHANNELS = ['a', 'b', 'a.b', 'a.c', 'b.b', 'a.b.c'];

/** What a name may hold although it means something to others. */
const ODD = [
  '__proto__',
  'constructor.toString',
  'a-b_c',
  'Ü.日本',
  '$x',
  'a/b:c',
  '%41',
  '#tag',
  "it's",
  '100%',
];

export const subjects = (contract: TransportContract): void => {
  it('finds the messages of each pattern', async () => {
    const transport = await openTransport(contract);
    const readers: Reader[] = [];
    for (const [i, [pattern]] of PATTERNS.entries())
      readers.push(await read(transport, `group${i}`, pattern));
    for (const channel of CHANNELS) await transport.publish([messageTo(channel, channel)]);
    for (const [i, [, matching]] of PATTERNS.entries()) await readers[i]?.until(matching.length);
    expect(readers.map((reader) => new Set(reader.payloads()))).toEqual(
      PATTERNS.map(([, matching]) => new Set(matching)),
    );
  });

  it('gives a message once to a group that several of its patterns match', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', ['a.*', '*.b', 'a.b', 'end']);
    await transport.publish([messageTo('a.b', 1)]);
    await transport.publish([messageTo('end', 2)]);
    await reader.until(2);
    expect(reader.arrived.map(({ message }) => message.payload)).toEqual([1, 2]);
  });

  it('takes channels of one another apart', async () => {
    const transport = await openTransport(contract);
    const [one, two] = [await read(transport, 'one', 'one'), await read(transport, 'two', 'two')];
    await transport.publish([messageTo('one', 1)]);
    await transport.publish([messageTo('two', 2)]);
    await Promise.all([one.until(1), two.until(1)]);
    expect([one.payloads(), two.payloads()]).toEqual([[1], [2]]);
  });

  it('carries channels with odd names', async () => {
    const transport = await openTransport(contract);
    const readers: Reader[] = [];
    for (const [i, channel] of ODD.entries()) readers.push(await read(transport, `g${i}`, channel));
    for (const channel of ODD) await transport.publish([messageTo(channel, channel)]);
    for (const reader of readers) await reader.until(1);
    expect(readers.map((reader) => reader.payloads())).toEqual(ODD.map((channel) => [channel]));
  });

  it('knows groups by odd names', async () => {
    const transport = await openTransport(contract);
    const readers: Reader[] = [];
    for (const group of ODD) readers.push(await read(transport, group, 'work'));
    await transport.publish([messageTo('work', 1)]);
    for (const reader of readers) await reader.until(1);
    expect(readers.map((reader) => reader.arrived.length)).toEqual(ODD.map(() => 1));
  });
};
