import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../diagnostic.ts';
import { loadYaml } from './load.ts';

const said = (text: string, file = 'flow.yaml'): readonly string[] =>
  loadYaml(text, { file }).diagnostics.map(formatDiagnostic);

const PIPELINE = `\
name: pipeline
version: 1.0
tags: [etl, 2024]
config:
  max_attempts: 2
  retry_strategy: {linear: {delay_secs: 1}}
nodes:
  - id: fetch
    action: fetch_rows
    inputs:
      - {name: url, reference: inputs.url}
      - {name: limit, value: 10}
    outputs: [{name: rows}]
    timeout: 30
    try_count: 3
    cache_strategy: {Ttl: 60}
  - id: report
    action: make_report
    dependencies: [{id: fetch, optional: true}]
    when: status.fetch == "succeeded"
    onfailure: false
    join: all
`;

describe('loadYaml', () => {
  it('gives the graph that code would have defined', () => {
    const { graph, diagnostics } = loadYaml(PIPELINE);
    expect(diagnostics).toEqual([]);
    expect(graph?.toJSON()).toEqual({
      name: 'pipeline',
      version: '1.0',
      tags: ['etl', '2024'],
      config: { maxAttempts: 2, retryStrategy: { type: 'linear', delay: 1 } },
      nodes: [
        {
          id: 'fetch',
          action: 'fetch_rows',
          inputs: [
            { name: 'url', reference: 'inputs.url' },
            { name: 'limit', value: 10 },
          ],
          outputs: [{ name: 'rows' }],
          timeout: 30,
          tryCount: 3,
          cacheStrategy: { ttl: 60 },
        },
        {
          id: 'report',
          action: 'make_report',
          dependencies: [{ id: 'fetch', optional: true }],
          when: 'status.fetch == "succeeded"',
          onfailure: false,
          join: 'all',
        },
      ],
    });
  });

  it.each([
    ['flows/nightly.yaml', 'nightly'],
    ['C:\\flows\\nightly.yml', 'nightly'],
    [undefined, 'dag'],
  ])('names a graph without a name after its file: %s', (file, name) => {
    expect(loadYaml('nodes: []\n', { file }).graph?.name).toBe(name);
  });

  it('keeps the spelling of ids that YAML takes for numbers', () => {
    const ids = ['007', '0x10', '0o17', '1_000', '1e3', '12:30:45', '2024-01-01', '.inf'];
    const text = `nodes:\n${ids.map((id, i) => `  - {id: ${id}, action: x, dependencies: [${ids[i - 1] ?? ''}]}\n`).join('')}`;
    expect(loadYaml(text).graph?.nodes.map((node) => node.id)).toEqual(ids);
  });

  it('takes over the keys of another node by a merge key, its own first', () => {
    const { graph } = loadYaml(
      'nodes:\n  - &a {id: a, action: x, timeout: 5, try_count: 2}\n  - {<<: *a, id: b, timeout: 9}\n',
    );
    expect(graph?.nodes[1]).toEqual({ id: 'b', action: 'x', timeout: 9, tryCount: 2 });
  });

  it('resolves an anchor that is set twice to the one before', () => {
    const { graph } = loadYaml(
      'nodes:\n  - {id: a, action: &x one}\n  - {id: b, action: &x two}\n  - {id: c, action: *x}\n',
    );
    expect(graph?.nodes[2]?.action).toBe('two');
  });

  it('reads JSON, since JSON is YAML', () => {
    expect(
      loadYaml('{\n\t"name": "g",\n\t"nodes": [\n\t\t{"id": "a", "action": "x"}\n\t]\n}\n').graph
        ?.nodes,
    ).toEqual([{ id: 'a', action: 'x' }]);
  });

  it('gives literals as JSON values, dates as text', () => {
    const { graph } = loadYaml(
      'nodes:\n  - {id: a, action: x, inputs: [{name: n, value: {d: 2024-01-01, n: ~, l: [1.5, yes], 1: one}}]}\n',
    );
    expect(graph?.nodes[0]?.inputs?.[0]?.value).toEqual({
      d: '2024-01-01',
      n: null,
      l: [1.5, 'yes'],
      1: 'one',
    });
  });

  it('checks actions where a registry is given', () => {
    const registry = { contains: () => false };
    expect(loadYaml('nodes:\n  - id: a\n    action: x\n', { registry }).diagnostics).toMatchObject([
      { code: 'action-unknown', line: 3, column: 13, nodeId: 'a' },
    ]);
  });

  it('refuses a text over the given limit', () => {
    expect(loadYaml(PIPELINE, { maxBytes: 10 }).diagnostics).toMatchObject([
      { code: 'limit', line: 1 },
    ]);
  });
});

describe('the diagnostics of a file', () => {
  it('come all at once, in the order of the text, each with file, line, column, node and reason', () => {
    const text = `\
name: g
nodez: []
config:
  max_atempts: 3
  timeout_seconds: 0
nodes:
  - id: a
    action: x
    try_count: 0
    dependencies: [ghost]
  - id: a
    action: x
  - id: c
    action: x
    dependencies:
      - d
    inputs:
      - name: n
        reference: a.out
  - id: d
    action: x
    dependencies: [c]
`;
    expect(said(text)).toEqual([
      "flow.yaml:2:1 unknown key 'nodez' in a graph; did you mean 'nodes'?",
      "flow.yaml:4:3 unknown key 'max_atempts' in config; did you mean 'max_attempts'?",
      'flow.yaml:5:20 timeout_seconds must be a number of seconds from 1 to 86,400, not 0',
      'flow.yaml:9:16 try_count must be an integer from 1 to 1,000 (attempts in all), not 0 [node a]',
      "flow.yaml:10:20 unknown dependency 'ghost' [node a]",
      "flow.yaml:11:9 the id 'a' is defined twice [node a]",
      "flow.yaml:15:5 a cycle: 'c' -> 'd' -> 'c' (each depends on the next) [node c]",
      "flow.yaml:19:20 the reference 'a.out' reads 'a', which is not among the dependencies of 'c' nor before them; add it to dependencies [node c]",
    ]);
  });

  it('point through an alias at what it stands for, and at the alias where the whole is meant', () => {
    expect(
      said(
        'nodes:\n  - {id: a, action: x, dependencies: &d [ghost]}\n  - id: b\n    action: x\n    dependencies: *d\n',
      ),
    ).toEqual([
      "flow.yaml:2:42 unknown dependency 'ghost' [node a]",
      "flow.yaml:2:42 unknown dependency 'ghost' [node b]",
    ]);
    expect(
      said(
        'nodes:\n  - {id: a, action: &x 1.5, timeout: 1}\n  - id: b\n    action: x\n    dependencies: *x\n',
      ),
    ).toEqual(['flow.yaml:5:19 dependencies must be a list of ids, not 1.5 [node b]']);
  });

  it('keep their lines behind NEL, LS and PS, which break no line', () => {
    expect(said('# \u0085 \u2028 \u2029\nnodes:\n  - id: a\n')).toEqual([
      'flow.yaml:3:5 action is missing [node a]',
    ]);
  });

  it('end after a thousand', () => {
    const { diagnostics } = loadYaml(
      `nodes: []\n${Array.from({ length: 3_000 }, (_, i) => `k${i}: 1\n`).join('')}`,
    );
    expect(diagnostics).toHaveLength(1_001);
    expect(diagnostics.at(-1)?.message).toBe('… and 2,000 more problems');
  });
});

const DOCUMENTS = new URL('../../../../../../shared/founding-documents/', import.meta.url);
const present = existsSync(DOCUMENTS);

const samples = present
  ? readdirSync(DOCUMENTS).flatMap((file) => {
      const text = readFileSync(new URL(file, DOCUMENTS), 'utf8');
      const blocks = [
        ...text.matchAll(/```yaml\n(.*?)```/gs),
        ...text.matchAll(/r#"\n(.*?)"#/gs),
      ].map((match) => match[1] as string);
      return blocks
        .filter((block) => /^\s*nodes:/m.test(block))
        .map((block): [string, string] => [
          `${file} ${/name: (\w+)/.exec(block)?.[1] ?? ''}`,
          block,
        ]);
    })
  : [];

describe.skipIf(!present)(
  `the samples of the founding documents${present ? '' : ' (skipped: ../shared/founding-documents is absent)'}`,
  () => {
    it('are found', () => {
      expect(samples.length).toBeGreaterThanOrEqual(4);
    });

    it.each(samples)('%s loads without a word', (_, text) => {
      expect(said(text)).toEqual([]);
    });
  },
);
