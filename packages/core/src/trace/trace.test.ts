import { Graphviz } from '@hpcc-js/wasm-graphviz';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ActionRegistry } from '../actions/registry.ts';
import { DagExecutor } from '../executor/executor.ts';
import { defineGraph, type Graph } from '../graph/graph.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { JsonValue } from '../json.ts';
import type { NodeReport, RunReportData } from '../run/report.ts';
import { STATUS_NAMES, type NodeStatus } from '../run/status.ts';
import { briefJson } from './brief-json.ts';
import { toDot } from './dot.ts';
import { toMermaid } from './mermaid.ts';
import { toTraceJson } from './trace.ts';

const NODE: Omit<NodeReport, 'id' | 'status'> = {
  action: 'act',
  reason: null,
  attempts: 1,
  outputs: null,
  error: null,
  retries: [],
  startedAt: null,
  finishedAt: null,
  durationMs: 12,
  cached: false,
  tokens: 0,
  metadata: null,
  handler: null,
  answer: null,
};

const reportOf = (
  nodes: readonly NodeReport[],
  over: Partial<RunReportData> = {},
): RunReportData => ({
  runId: 'r1',
  dag: 'g',
  status: 'failed',
  success: false,
  error: null,
  startedAt: '2025-01-01T00:00:00.000Z',
  finishedAt: null,
  durationMs: 1_500,
  counts: { total: nodes.length } as RunReportData['counts'],
  metrics: {} as RunReportData['metrics'],
  rejectedCommands: [],
  pausedBranches: [],
  waiting: [],
  nodes: Object.fromEntries(nodes.map((node) => [node.id, node])),
  ...over,
});

/** Two nodes with an optional edge, and a run in which the second failed. */
const setup = () => {
  const graph = defineGraph({
    name: 'two',
    nodes: [
      { id: 'a', action: 'load', inputs: [{ name: 'url', reference: 'inputs.url' }] },
      { id: 'b', action: 'keep', dependencies: [{ id: 'a', optional: true }] },
    ],
  });
  const report = reportOf([
    { ...NODE, id: 'a', status: 'succeeded', outputs: { rows: 3 } },
    {
      ...NODE,
      id: 'b',
      status: 'failed',
      attempts: 3,
      error: { code: 'NO_DISK', name: 'Error', message: 'the disk is full', retryable: true },
    },
  ]);
  return { graph, report };
};

const NASTY = [
  '"]:::x',
  '-->',
  '%%{init: {}}%%',
  '<b>&lt;</b>',
  '`x`',
  '\\',
  '\\N\\',
  '{a|b}',
  '\u0000\u001b[31m',
  '\u202egnp.exe',
  '\ud800',
  '\uffff',
  'a\nb\r\nc\u2028d',
  '];\n}',
  '$$x$$',
  '🙂'.repeat(200),
  '1. list',
  '__proto__',
  'x'.repeat(5_000),
];

const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...NASTY)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(''));

const anyNode: fc.Arbitrary<NodeReport> = fc.record({
  id: text,
  action: text,
  status: fc.constantFrom<NodeStatus>(...STATUS_NAMES),
  reason: fc.option(text),
  attempts: fc.nat(5),
  outputs: fc.option(fc.dictionary(text, fc.jsonValue() as fc.Arbitrary<JsonValue>)),
  error: fc.option(fc.record({ code: text, name: text, message: text, retryable: fc.boolean() })),
  retries: fc.constant([]),
  startedAt: fc.constant(null),
  finishedAt: fc.constant(null),
  durationMs: fc.option(fc.nat()),
  cached: fc.boolean(),
  tokens: fc.constant(0),
  metadata: fc.constant(null),
  handler: fc.constant(null),
  answer: fc.constant(null),
});

/**
 * Two nodes and an edge, drawn beside whatever nodes a report may bring. Not made by `defineGraph`, which refuses some
 * texts today that it may allow tomorrow.
 */
const anyRun = fc
  .record({
    nodes: fc.uniqueArray(anyNode, { selector: ({ id }) => id, minLength: 2, maxLength: 5 }),
    name: text,
    runId: text,
    input: text,
  })
  .map(({ nodes, name, runId, input }) => {
    const [first, second] = nodes.map(({ id }) => id) as [string, string];
    const definitions: readonly NodeDefinition[] = [
      { id: first, action: input, inputs: [{ name: input, value: { [input]: input } }] },
      { id: second, action: name, dependencies: [first], when: input },
    ];
    return {
      graph: { name, nodes: definitions } as unknown as Graph,
      report: reportOf(nodes, { runId }),
    };
  });

describe('toDot', () => {
  let graphviz: Graphviz;
  beforeAll(async () => {
    graphviz = await Graphviz.load();
  });

  it('says of each node its action, inputs, outputs, status, attempts, time and error', () => {
    const { graph, report } = setup();
    const dot = toDot(graph, report);
    expect(dot).toContain(
      String.raw`n0 [label="a\laction load\lin url = inputs.url\lsucceeded after 1 attempt in 12 ms\lout rows = 3\l"`,
    );
    expect(dot).toContain(
      String.raw`n1 [label="b\laction keep\lfailed after 3 attempts in 12 ms\lerror NO_DISK: the disk is full\l"`,
    );
    expect(dot).toContain(String.raw`label="two\nrun r1\nfailed in 1.5 s\n"`);
  });

  it('colours by status and dashes optional dependencies', () => {
    const { graph, report } = setup();
    const [a, b] = toDot(graph, report).match(/fillcolor="[^"]+"/g) ?? [];
    expect(a).not.toBe(b);
    expect(toDot(graph)).toContain('  n0 -> n1 [style=dashed];');
  });

  it('draws a graph without a run', () => {
    const { graph } = setup();
    expect(toDot(graph)).not.toContain('succeeded');
    expect(graphviz.dot(toDot(graph), 'svg')).toContain('<svg');
  });

  it('gives Graphviz what it can read, one shape per line, whatever a run holds', () => {
    fc.assert(
      fc.property(anyRun, ({ graph, report }) => {
        const dot = toDot(graph, report);
        const read = JSON.parse(graphviz.dot(dot, 'json')) as {
          readonly objects: readonly { readonly name: string; readonly label: string }[];
          readonly edges: readonly unknown[];
        };
        expect(read.objects.map(({ name }) => name)).toEqual(
          toTraceJson(graph, report).nodes.map((_, i) => `n${i}`),
        );
        expect(read.edges).toHaveLength(1);
        // A line per node: nothing in a label begins another statement.
        expect(dot.match(/^ {2}n\d+ \[label=/gm)).toHaveLength(read.objects.length);
        expect(dot.trimEnd().split('\n')).toHaveLength(read.objects.length + 6);
      }),
      { numRuns: 200 },
    );
  });

  it('shows special characters as they are', () => {
    const graph = defineGraph({
      name: 'g',
      nodes: [{ id: 'a "b" \\N &lt; {c|d} <e>', action: 'x' }],
    });
    const svg = graphviz.dot(toDot(graph), 'svg');
    expect(svg).toContain('a &quot;b&quot; \\N &amp;lt; {c|d} &lt;e&gt;');
  });

  it('draws SVG that XML allows, whatever a run holds', () => {
    fc.assert(
      fc.property(anyRun, ({ graph, report }) => {
        const svg = graphviz.dot(toDot(graph, report), 'svg');
        // oxlint-disable-next-line no-control-regex -- these are what XML forbids
        expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
      }),
      { numRuns: 100 },
    );
  });
});

describe('toMermaid', () => {
  it('says the same as DOT, in quoted labels with classes', () => {
    const { graph, report } = setup();
    const mermaid = toMermaid(graph, report);
    expect(mermaid).toContain(
      'n0["a<br/>action load<br/>in url = inputs.url<br/>succeeded after 1 attempt in 12 ms<br/>out rows = 3"]:::succeeded',
    );
    expect(mermaid).toContain(':::failed');
    expect(mermaid).toContain('classDef failed fill:');
    expect(mermaid).not.toContain('classDef cancelled');
    expect(mermaid).toContain('  n0 -.-> n1');
  });

  it('keeps its structure, one shape per line, whatever a run holds', () => {
    // In a label: no quote, bracket, brace, backtick or percent; `#` and `<` only as entities and line breaks.
    const label = String.raw`"(?:[^"#<>\[\]{}|${'`'}*~\\;%$@&\n]|#\d+;|<br/>)*"`;
    const shapes = new RegExp(
      `^flowchart TB\\n  subgraph dagger\\[${label}\\]\\n(?:    n\\d+\\[${label}\\]:::[a-z]+\\n)+  end\\n(?:  n\\d+ (?:-->|-\\.->) n\\d+\\n)*(?:  classDef [a-z]+ [^\\n]+\\n)+$`,
      'u',
    );
    fc.assert(
      fc.property(anyRun, ({ graph, report }) => {
        const mermaid = toMermaid(graph, report);
        expect(mermaid).toMatch(shapes);
        expect(mermaid.match(/^ {4}n\d+\[/gm)).toHaveLength(
          toTraceJson(graph, report).nodes.length,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('keeps text from beginning a Markdown list', () => {
    const graph = defineGraph({
      name: 'g',
      nodes: [
        { id: '1. buy', action: 'x' },
        { id: '- milk', action: 'x' },
      ],
    });
    expect(toMermaid(graph)).toContain('["1#46; buy<br/>');
    expect(toMermaid(graph)).toContain('["#45; milk<br/>');
  });
});

describe('toTraceJson', () => {
  it('is JSON and tells every node and edge with full values', () => {
    const { graph, report } = setup();
    const trace = toTraceJson(graph, report);
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    expect(trace.edges).toEqual([{ from: 'a', to: 'b', optional: true }]);
    expect(trace.nodes.map(({ id, status, outputs }) => [id, status, outputs])).toEqual([
      ['a', 'succeeded', { rows: 3 }],
      ['b', 'failed', null],
    ]);
  });

  it('shows nodes that only the run knows, last and without edges', () => {
    const { graph } = setup();
    const trace = toTraceJson(graph, reportOf([{ ...NODE, id: 'grown', status: 'running' }]));
    expect(trace.nodes.map(({ id, status }) => [id, status])).toEqual([
      ['a', null],
      ['b', null],
      ['grown', 'running'],
    ]);
  });

  it('knows nothing of a node that the report does not have, whatever its id', () => {
    const graph = defineGraph({ name: 'g', nodes: [{ id: 'constructor', action: 'x' }] });
    const reports = reportOf([]);
    Object.setPrototypeOf(reports.nodes, {
      constructor: { ...NODE, id: 'constructor', status: 'failed' },
    });
    expect(toTraceJson(graph, reports).nodes[0]?.status).toBe(null);
  });

  it('reads the report of a real run', async () => {
    const registry = new ActionRegistry().registerFn('load', () => ({ rows: 1 }));
    registry.registerFn('keep', () => ({}));
    await using executor = await DagExecutor.open({ registry });
    const { graph } = setup();
    const report = await executor.run(graph, { inputs: { url: 'x' } });
    expect(toTraceJson(graph, report).nodes.map(({ status }) => status)).toEqual([
      'succeeded',
      'succeeded',
    ]);
    expect(toDot(graph, report)).toBe(toDot(graph, report.toJSON()));
  });
});

describe('briefJson', () => {
  it('is the JSON itself when that is short enough', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value);
        expect(briefJson(value as JsonValue, json.length)).toBe(json);
      }),
    );
  });

  it('never exceeds its bound and begins as the JSON does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 2, max: 40 }), (value, longest) => {
        const brief = briefJson(value, longest);
        expect(brief.length).toBeLessThanOrEqual(longest);
        expect(JSON.stringify(value).startsWith(brief.replace(/…$/, ''))).toBe(true);
      }),
    );
  });

  it('looks no further than it shows', () => {
    const value = {
      first: 'x'.repeat(50),
      get second(): string {
        throw new Error('looked at');
      },
    };
    expect(briefJson(value, 20)).toBe(`{"first":"xxxxxxxxx…`);
  });
});
