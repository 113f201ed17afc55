import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { JsonValue } from '@dagger/core';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { traceToDot } from './dot.ts';
import type { TraceEntry } from './entry.ts';
import { FATES, type Fate } from './fates.ts';
import { nastyText } from './hostile.fixture.ts';
import { traceToJson } from './json.ts';
import { entryLabel } from './label.ts';
import { traceToMermaid } from './mermaid.ts';
import { attempt, entry, message } from './message.fixture.ts';

/** A message that two agents handled, one of them in vain, and what one of them published. */
const setup = (): readonly TraceEntry[] => [
  {
    message: message('m1', { key: 'k' }),
    attempts: [
      attempt('check', { status: 'failed', error: 'busy' }),
      attempt('bill', { attempt: 1 }),
      attempt('check', { attempt: 3, status: 'dead', error: 'no disk', durationMs: 1_500 }),
    ],
  },
  {
    message: message('m2', { channel: 'bills', source: 'bill', causationId: 'm1', hops: 1 }),
    attempts: [attempt('send', { status: 'running', durationMs: null })],
  },
  { message: message('m3', { channel: 'audit', causationId: 'm1' }), attempts: [] },
];

const anyAttempt = fc
  .record({
    agent: nastyText,
    status: fc.constantFrom(
      ...FATES.filter((fate): fate is Exclude<Fate, 'open'> => fate !== 'open'),
    ),
    error: fc.option(nastyText),
    attempt: fc.integer({ min: 1, max: 3 }),
    durationMs: fc.option(fc.nat(10_000)),
  })
  .map(({ agent, ...rest }) => attempt(agent, rest));

/** The second message is caused by the first, and so is the third. */
const anyEntries: fc.Arbitrary<readonly TraceEntry[]> = fc
  .uniqueArray(nastyText, { minLength: 3, maxLength: 3 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id, i) =>
        fc
          .record({
            channel: nastyText,
            source: fc.option(nastyText),
            key: fc.option(nastyText),
            payload: fc.oneof(nastyText, fc.jsonValue() as fc.Arbitrary<JsonValue>),
            attempts: fc.array(anyAttempt, { maxLength: 12 }),
          })
          .map(({ attempts, ...rest }): TraceEntry => {
            const causationId = i === 0 ? null : (ids[0] ?? null);
            return { message: message(id, { ...rest, causationId }), attempts };
          }),
      ),
    ),
  );

describe('the label of a message', () => {
  it('says channel, source, key, payload, and for each agent how its latest attempt went', () => {
    expect(entryLabel(setup()[0] as TraceEntry)).toEqual([
      'orders.new',
      'from outside',
      'key k',
      '{"n":1}',
      'check: dead in 1.5 s, attempt 3',
      'error no disk',
      'bill: done in 12 ms',
    ]);
    expect(entryLabel(setup()[1] as TraceEntry)).toEqual([
      'bills',
      'from bill',
      '{"n":1}',
      'send: running',
    ]);
  });

  it('does not name more than a few agents', () => {
    const attempts = Array.from({ length: 20 }, (_, i) => attempt(`a${i}`));
    const label = entryLabel(entry('m', null, attempts));
    expect(label).toHaveLength(3 + 8 + 1);
    expect(label.at(-1)).toBe('… 12 more');
  });
});

describe('traceToDot', () => {
  let graphviz: Graphviz;
  beforeAll(async () => {
    graphviz = await Graphviz.load();
  });

  it('leads from causes to effects, and colours messages by the worst that became of them', () => {
    const dot = traceToDot(setup());
    expect(dot).toContain('  n0 -> n1;\n  n0 -> n2;\n}');
    const colours = dot.match(/fillcolor="[^"]+"/g) ?? [];
    expect(new Set(colours).size).toBe(3);
    expect(traceToDot(setup())).toBe(dot);
  });

  it('gives Graphviz what it can read, a shape per message, whatever they hold', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const dot = traceToDot(entries);
        const read = JSON.parse(graphviz.dot(dot, 'json')) as {
          readonly objects: readonly { readonly name: string }[];
          readonly edges: readonly unknown[];
        };
        expect(read.objects.map(({ name }) => name)).toEqual(['n0', 'n1', 'n2']);
        expect(read.edges).toHaveLength(2);
        // A line per message and per cause: nothing in a label begins another statement.
        expect(dot.trimEnd().split('\n')).toHaveLength(5 + 3 + 2);
        expect(Math.max(...dot.split('\n').map((line) => line.length))).toBeLessThan(20_000);
        // oxlint-disable-next-line no-control-regex -- these are what XML forbids
        expect(graphviz.dot(dot, 'svg')).not.toMatch(/[\u0000-\u0008\u000b\u000e-\u001f\ufffe]/);
      }),
      { numRuns: 60 },
    );
  });

  it('draws nothing, and causes that go round', () => {
    expect(() => graphviz.dot(traceToDot([]), 'svg')).not.toThrow();
    const dot = traceToDot([entry('a', 'b'), entry('b', 'a')]);
    expect(dot).toContain('  n0 -> n1;\n}');
  });
});

describe('traceToMermaid', () => {
  it('says the same as DOT, in quoted labels with classes', () => {
    const mermaid = traceToMermaid(setup());
    expect(mermaid).toMatch(/ {2}n0\["[^"]+"\]:::dead\n {2}n1\["[^"]+"\]:::running\n/);
    expect(mermaid).toContain('  n0 --> n1\n  n0 --> n2\n');
    expect(mermaid).toContain('classDef dead fill:');
    expect(mermaid).not.toContain('classDef done');
  });

  it('keeps its structure, one shape per line, whatever messages hold', () => {
    // In a label: no quote, bracket, brace, backtick or percent; `#` and `<` only as entities and line breaks.
    const label = String.raw`"(?:[^"#<>\[\]{}|${'`'}*~\\;%$@&\n]|#\d+;|<br/>)*"`;
    const shapes = new RegExp(
      `^flowchart TB\\n(?:  n\\d\\[${label}\\]:::[a-z]+\\n){3}(?:  n0 --> n[12]\\n){2}(?:  classDef [a-z]+ [^\\n]+\\n)+$`,
      'u',
    );
    fc.assert(
      fc.property(anyEntries, (entries) => {
        expect(traceToMermaid(entries)).toMatch(shapes);
      }),
    );
  });
});

describe('traceToJson', () => {
  it('has nodes and links in the order of publication, as plain JSON', () => {
    const json = traceToJson(setup());
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({
      nodes: [
        {
          id: 'm1',
          channel: 'orders.new',
          status: 'dead',
          attempts: [{}, {}, { error: 'no disk' }],
        },
        { id: 'm2', causationId: 'm1', source: 'bill', status: 'running' },
        { id: 'm3', status: 'open', attempts: [] },
      ],
      links: [
        { from: 'm1', to: 'm2' },
        { from: 'm1', to: 'm3' },
      ],
    });
  });

  it('keeps what messages hold as it is', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const { nodes } = JSON.parse(JSON.stringify(traceToJson(entries))) as {
          readonly nodes: readonly { readonly channel: string; readonly payload: JsonValue }[];
        };
        expect(nodes.map(({ channel, payload }) => [channel, payload])).toEqual(
          entries.map(({ message: { channel, payload } }) => [
            channel,
            JSON.parse(JSON.stringify(payload)),
          ]),
        );
      }),
    );
  });
});
