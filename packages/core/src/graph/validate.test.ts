import { describe, expect, it } from 'vitest';
import { validate } from './diagnose.ts';
import { defineGraph } from './graph.ts';
import type { GraphDefinition, NodeDefinition } from './model.ts';

type Node = Partial<NodeDefinition> & { readonly id: string };

const graph = (...nodes: readonly Node[]): GraphDefinition => ({
  name: 'g',
  nodes: nodes.map((node) => ({ action: 'x', ...node })),
});

const said = (definition: GraphDefinition): readonly string[] =>
  validate(definition).map((d) => `${d.severity} ${d.code} ${d.path.join('.')}: ${d.message}`);

const reads = (reference: string): Pick<NodeDefinition, 'inputs'> => ({
  inputs: [{ name: 'n', reference }],
});

describe('references', () => {
  it('may name an input of the run, a dependency and what comes before it', () => {
    expect(
      said(
        graph(
          { id: 'a' },
          { id: 'b', dependencies: ['a'], ...reads('inputs.x.y') },
          { id: 'c', dependencies: ['b'], ...reads('a.out.deep[0]') },
        ),
      ),
    ).toEqual([]);
  });

  it.each([
    ['nonsense', 'reference-invalid'],
    ['a.', 'reference-invalid'],
    ['.a', 'reference-invalid'],
    ['a.b[x]', 'reference-invalid'],
  ])('%s is malformed', (reference, code) => {
    expect(said(graph({ id: 'a' }, { id: 'b', dependencies: ['a'], ...reads(reference) }))).toEqual(
      [expect.stringContaining(`error ${code} nodes.1.inputs.0.reference: `)],
    );
  });

  it('suggests the node that was meant', () => {
    expect(
      said(graph({ id: 'fetch' }, { id: 'b', dependencies: ['fetch'], ...reads('fetsh.rows') })),
    ).toEqual([
      "error reference-unknown nodes.1.inputs.0.reference: the reference 'fetsh.rows' names the unknown node 'fetsh'; did you mean 'fetch'?",
    ]);
  });

  it('must name a node that comes before', () => {
    const [first, ...more] = said(graph({ id: 'a' }, { id: 'b', ...reads('a.out') }));
    expect(first).toBe(
      "error reference-not-ancestor nodes.1.inputs.0.reference: the reference 'a.out' reads 'a', which is not among the dependencies of 'b' nor before them; add it to dependencies",
    );
    expect(more).toEqual([]);
    expect(said(graph({ id: 'a', ...reads('a.out') }))).toEqual([
      expect.stringContaining('reads the node itself'),
    ]);
    expect(said(graph({ id: 'a', ...reads('b.out') }, { id: 'b', dependencies: ['a'] }))).toEqual([
      expect.stringContaining('reference-not-ancestor'),
    ]);
  });

  it('must name a declared output, where the node declares any', () => {
    const definition = graph(
      { id: 'a', outputs: [{ name: 'rows' }] },
      {
        id: 'b',
        dependencies: ['a'],
        inputs: [
          { name: 'r', reference: 'a.rows' },
          { name: 'n', reference: 'a.row' },
        ],
      },
    );
    expect(said(definition)).toEqual([
      "error output-undeclared nodes.1.inputs.1.reference: the node 'a' declares no output 'row'; did you mean 'rows'?",
    ]);
  });

  it('find the longest id that is a node', () => {
    expect(
      said(
        graph({ id: 'a' }, { id: 'a.b' }, { id: 'c', dependencies: ['a.b'], ...reads('a.b.out') }),
      ),
    ).toEqual([]);
  });
});

describe('inputs', () => {
  it.each([
    [{ name: 'n' }, 'neither a reference nor a value'],
    [{ name: 'n', reference: 'inputs.x', value: 1 }, 'both a reference and a value'],
  ])('%j is refused', (input, reason) => {
    expect(said(graph({ id: 'a', inputs: [input] }))).toEqual([
      expect.stringContaining(`error input-conflict nodes.0.inputs.0: the input 'n' has ${reason}`),
    ]);
  });

  it.each([
    [{ name: 'n', default: 1 }],
    [{ name: 'n', value: null }],
    [{ name: 'n', reference: 'inputs.x', default: null }],
  ])('%j is fine', (input) => {
    expect(said(graph({ id: 'a', inputs: [input] }))).toEqual([]);
  });

  it('have distinct names', () => {
    expect(
      said(
        graph({
          id: 'a',
          inputs: [
            { name: 'n', value: 1 },
            { name: 'n', value: 2 },
          ],
        }),
      ),
    ).toEqual(["error input-conflict nodes.0.inputs.1.name: the name 'n' is given to two inputs"]);
  });
});

describe('conditions', () => {
  it('are parsed, with the place of the mistake', () => {
    expect(said(graph({ id: 'a', when: 'inputs.x >' }))).toEqual([
      expect.stringMatching(
        /^error expression nodes\.0\.when: the condition is not valid CEL: .* \(at character 11\)$/,
      ),
    ]);
  });

  it('read nodes that exist and come before', () => {
    expect(
      said(
        graph(
          { id: 'a' },
          { id: 'b', dependencies: ['a'], when: 'outputs.a.n > 1 && status["a"] == "succeeded"' },
        ),
      ),
    ).toEqual([]);
    expect(
      said(graph({ id: 'aa' }, { id: 'b', dependencies: ['aa'], when: 'outputs.ab.n > 1' })),
    ).toEqual([
      "error reference-unknown nodes.1.when: the condition names the unknown node 'ab'; did you mean 'aa'?",
    ]);
    expect(said(graph({ id: 'a' }, { id: 'b', when: 'has(outputs.a)' }))).toEqual([
      expect.stringContaining('error reference-not-ancestor nodes.1.when'),
    ]);
  });
});

describe('warnings', () => {
  it('name an output that nobody reads, unless it is what the run is for', () => {
    const declared = { outputs: [{ name: 'used' }, { name: 'idle' }] };
    expect(
      said(
        graph(
          { id: 'a', ...declared },
          { id: 'b', dependencies: ['a'], ...reads('a.used'), outputs: [{ name: 'result' }] },
        ),
      ),
    ).toEqual(["warning output-unused nodes.0.outputs.1: nobody reads the output 'idle'"]);
    expect(said(graph({ id: 'a', ...declared }, { id: 'b', dependencies: ['a'] }))).toEqual([]);
  });

  it('name a node that waits for a disabled one', () => {
    expect(
      said(
        graph(
          { id: 'a', enabled: false },
          { id: 'b', dependencies: ['a'] },
          { id: 'c', dependencies: [{ id: 'a', optional: true }] },
        ),
      ),
    ).toEqual([
      "warning unreachable nodes.1: 'b' cannot run unless 'a', which starts disabled, is enabled",
    ]);
  });

  it('do not keep a graph from being defined, and stay with it', () => {
    expect(
      defineGraph(graph({ id: 'a', enabled: false }, { id: 'b', dependencies: ['a'] })).warnings,
    ).toHaveLength(1);
  });
});

describe('validate with a registry', () => {
  const registry = {
    contains: (name: string) => name === 'fetch' || name === 'report',
    list: () => ['fetch', 'report'],
  };

  it('reports actions and failure actions that are not registered', () => {
    const definition = graph(
      { id: 'a', action: 'fetch' },
      { id: 'b', action: 'fetsh' },
      { id: 'c', action: 'report', failure: 'mend' },
    );
    const expected = [
      {
        code: 'action-unknown',
        nodeId: 'b',
        path: ['nodes', 1, 'action'],
        message: "the action 'fetsh' is not registered; did you mean 'fetch'?",
      },
      {
        code: 'action-unknown',
        nodeId: 'c',
        path: ['nodes', 2, 'failure'],
        message: "the failure action 'mend' is not registered",
      },
    ];
    expect(validate(definition, { registry })).toMatchObject(expected);
    expect(validate(defineGraph(definition), { registry })).toMatchObject(expected);
  });

  it('says everything else too', () => {
    expect(
      validate({ name: 'g', nodes: [{ id: 'a', action: 'nope', timeout: 0 }] }, { registry }).map(
        (d) => d.code,
      ),
    ).toEqual(['value-range', 'action-unknown']);
  });
});

describe('large graphs', () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => `n${i}`);
  const chain = (referenceOf: (i: number) => number): GraphDefinition =>
    graph(
      ...ids.map((id, i): Node => ({
        id,
        ...(i > 0 ? { dependencies: [`n${i - 1}`] } : {}),
        ...(i > 2 ? reads(`n${referenceOf(i)}.o`) : {}),
      })),
    );

  it('are checked in time when every node reads a distant one', { timeout: 10_000 }, () => {
    expect(said(chain((i) => i >> 1))).toEqual([]);
    expect(said(chain(() => 0))).toEqual([]);
  });

  it('report each reference that points forward', { timeout: 10_000 }, () => {
    expect(said(chain((i) => Math.min(i + 1, ids.length - 1)))).toHaveLength(ids.length - 3);
  });
});
