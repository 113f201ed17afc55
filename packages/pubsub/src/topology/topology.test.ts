import { Graphviz } from '@hpcc-js/wasm-graphviz';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { nastyText } from '../trace/hostile.fixture.ts';
import { agent } from './agents.fixture.ts';
import { topologyToDot } from './dot.ts';
import { topologyToMermaid } from './mermaid.ts';
import { topologyOf, type Topology } from './topology.ts';

const setup = (): Topology =>
  topologyOf(
    [
      agent('load', ['urls'], ['pages.new'], { description: 'Fetches pages' }),
      agent('keep', ['pages.*', 'urls'], undefined, { group: 'g', publications: undefined }),
    ],
    { sources: ['urls'], sinks: ['pages.>'] },
  );

/** Topologies whose texts are hostile: as data, for as agents they would be refused. */
const anyTopology: fc.Arbitrary<Topology> = fc
  .record({
    names: fc.uniqueArray(nastyText, { minLength: 2, maxLength: 3 }),
    channels: fc.uniqueArray(nastyText, { minLength: 2, maxLength: 3 }),
    text: nastyText,
  })
  .map(({ names, channels, text }) => ({
    agents: names.map((name) => ({
      name,
      description: text,
      group: text,
      publishesAnywhere: true,
    })),
    channels: channels.map((name, i) => ({
      name,
      isPattern: false,
      isSource: i === 0,
      isSink: i === 0,
    })),
    publishes: names.map((name) => ({ agent: name, channel: channels[0] as string })),
    receives: names.map((name) => ({ agent: name, channel: channels[1] as string })),
    links: [{ from: channels[0] as string, to: channels[1] as string }],
  }));

describe('topologyOf', () => {
  it('lists agents, channels and who names which, as plain data', () => {
    const topology = setup();
    expect(topology).toEqual({
      agents: [
        { name: 'load', description: 'Fetches pages', group: 'load', publishesAnywhere: false },
        { name: 'keep', description: null, group: 'g', publishesAnywhere: true },
      ],
      channels: [
        { name: 'urls', isPattern: false, isSource: true, isSink: false },
        { name: 'pages.new', isPattern: false, isSource: false, isSink: false },
        { name: 'pages.*', isPattern: true, isSource: false, isSink: false },
        { name: 'pages.>', isPattern: true, isSource: false, isSink: true },
      ],
      publishes: [{ agent: 'load', channel: 'pages.new' }],
      receives: [
        { agent: 'load', channel: 'urls' },
        { agent: 'keep', channel: 'pages.*' },
        { agent: 'keep', channel: 'urls' },
      ],
      links: [
        { from: 'pages.new', to: 'pages.*' },
        { from: 'pages.new', to: 'pages.>' },
      ],
    });
    expect(JSON.parse(JSON.stringify(topology))).toEqual(topology);
  });

  it('names once what an agent names twice', () => {
    const { receives, channels } = topologyOf([agent('a', ['x', 'x'])]);
    expect([receives.length, channels.length]).toEqual([1, 1]);
  });
});

describe('topologyToDot', () => {
  let graphviz: Graphviz;
  beforeAll(async () => {
    graphviz = await Graphviz.load();
  });

  it('draws agents as boxes, channels as ellipses, and dashes where a pattern reads', () => {
    const dot = topologyToDot(setup());
    expect(dot).toContain(String.raw`n0 [label="load\nFetches pages\n", fillcolor=`);
    expect(dot).toContain(String.raw`n1 [label="keep\ngroup g\nmay publish anywhere\n"`);
    expect(dot).toContain(String.raw`n2 [label="urls\nwritten from outside\n"`);
    expect(dot).toContain('  n3 -> n4 [style=dashed];');
    expect(dot).toContain('  n2 -> n0;');
    expect(dot.match(/shape=ellipse/g)).toHaveLength(4);
  });

  it('gives Graphviz what it can read, whatever the names are', () => {
    fc.assert(
      fc.property(anyTopology, (topology) => {
        const dot = topologyToDot(topology);
        const nodes = topology.agents.length + topology.channels.length;
        const read = JSON.parse(graphviz.dot(dot, 'json')) as {
          readonly objects: readonly unknown[];
          readonly edges: readonly unknown[];
        };
        expect(read.objects).toHaveLength(nodes);
        expect(read.edges).toHaveLength(2 * topology.agents.length + 1);
        expect(dot.trimEnd().split('\n')).toHaveLength(5 + nodes + read.edges.length);
        // oxlint-disable-next-line no-control-regex -- these are what XML forbids
        expect(graphviz.dot(dot, 'svg')).not.toMatch(/[\u0000-\u0008\u000b\u000e-\u001f\ufffe]/);
      }),
      { numRuns: 50 },
    );
  });

  it('draws nothing of nobody', () => {
    expect(() => graphviz.dot(topologyToDot(topologyOf([])), 'svg')).not.toThrow();
  });
});

describe('topologyToMermaid', () => {
  it('says the same as DOT, in quoted labels with classes', () => {
    const mermaid = topologyToMermaid(setup());
    expect(mermaid).toContain('  n0["load<br/>Fetches pages"]:::agent\n');
    expect(mermaid).toContain('  n3(["pages.new"]):::channel\n');
    expect(mermaid).toContain('  n3 -.-> n4\n');
    expect(mermaid).toContain('  classDef outside fill:');
  });

  it('keeps its structure, one shape per line, whatever the names are', () => {
    // In a label: no quote, bracket, brace, backtick or percent; `#` and `<` only as entities and line breaks.
    const label = String.raw`"(?:[^"#<>\[\]{}|${'`'}*~\\;%$@&\n]|#\d+;|<br/>)*"`;
    const shapes = new RegExp(
      `^flowchart LR\\n(?:  n\\d+(?:\\[${label}\\]:::agent|\\(\\[${label}\\]\\):::(?:channel|outside))\\n)+(?:  n\\d+ (?:-->|-\\.->) n\\d+\\n)+(?:  classDef [a-z]+ [^\\n]+\\n)+$`,
      'u',
    );
    fc.assert(
      fc.property(anyTopology, (topology) => {
        expect(topologyToMermaid(topology)).toMatch(shapes);
      }),
    );
  });
});
