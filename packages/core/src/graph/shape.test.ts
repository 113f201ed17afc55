import { describe, expect, it } from 'vitest';
import { checkGraph } from './graph.ts';
import type { GraphDefinition } from './model.ts';

const said = (definition: unknown): readonly string[] =>
  checkGraph(definition as GraphDefinition).diagnostics.map(
    (d) => `${d.path.join('.')}: ${d.message}`,
  );

const ofNode = (parts: object): readonly string[] =>
  said({ name: 'g', nodes: [{ id: 'a', action: 'x', ...parts }] });

describe('the shape of a graph', () => {
  it('is fine with every key in place', () => {
    expect(
      said({
        name: 'g',
        description: 'd',
        instructions: ['i'],
        tags: ['t'],
        author: 'a',
        version: '1',
        signature: 's',
        config: {},
        nodes: [],
      }),
    ).toEqual([]);
  });

  it.each([
    [{ nodes: [] }, ': name is missing'],
    [{ name: '', nodes: [] }, 'name: name must not be empty'],
    [{ name: 'a\u0007b', nodes: [] }, "name: name holds an unprintable character: 'a\\u{7}b'"],
    [{ name: 'x'.repeat(257), nodes: [] }, 'name: name has 257 characters, more than 256'],
    [{ name: 7, nodes: [] }, 'name: name must be a string, not 7'],
    [{ name: 'g' }, ': nodes is missing: a graph has a list of nodes'],
    [{ name: 'g', nodes: {} }, 'nodes: nodes must be a list, not a map'],
    [{ name: 'g', nodes: [], tags: 'a' }, "tags: tags must be a list of strings, not 'a'"],
    [
      { name: 'g', nodes: [], tags: ['a', 1] },
      'tags.1: every item of tags must be a string, not 1',
    ],
    [{ name: 'g', nodes: [], version: 1 }, 'version: version must be a string, not 1'],
    [
      { name: 'g', nodes: [], descripton: 'd' },
      "descripton: unknown key 'descripton' in a graph; did you mean 'description'?",
    ],
    [
      { name: 'g', nodes: [], concurrency: 3 },
      "concurrency: unknown key 'concurrency' in a graph; did you mean 'config.maxParallelNodes'?",
    ],
    [null, ': a graph is an object with a name and nodes'],
  ])('%j is refused', (definition, reason) => {
    expect(said(definition)).toEqual([reason]);
  });
});

describe('the shape of a node', () => {
  it.each([
    [
      { timeout: 0 },
      'nodes.0.timeout: timeout must be a number of seconds above 0 and at most 86,400, not 0',
    ],
    [{ duration: 0 }, 'nodes.0.duration: duration must be a number of seconds above 0, not 0'],
    [{ duration: '5' }, "nodes.0.duration: duration must be a number of seconds above 0, not '5'"],
    [
      { timeout: 86_401 },
      'nodes.0.timeout: timeout must be a number of seconds above 0 and at most 86,400, not 86401',
    ],
    [
      { timeout: Number.NaN },
      'nodes.0.timeout: timeout must be a number of seconds above 0 and at most 86,400, not NaN',
    ],
    [
      { tryCount: 0 },
      'nodes.0.tryCount: tryCount must be an integer from 1 to 1,000 (attempts in all), not 0',
    ],
    [{ onfailure: 'no' }, "nodes.0.onfailure: onfailure must be true or false, not 'no'"],
    [{ failure: '' }, 'nodes.0.failure: failure must not be empty'],
    [{ dependencies: null }, 'nodes.0.dependencies: dependencies must be a list of ids, not null'],
    [{ dependencies: 'b' }, "nodes.0.dependencies: dependencies must be a list of ids, not 'b'"],
    [
      { dependencies: [['b']] },
      'nodes.0.dependencies.0: every item of dependencies must be an id or {id, optional}, not a list',
    ],
    [
      { dependencies: [{ optional: true }] },
      'nodes.0.dependencies.0: the id of a dependency must be a string, not undefined',
    ],
    [
      { dependencies: [{ id: 'a', optinal: true }] },
      "nodes.0.dependencies.0.optinal: unknown key 'optinal' in a dependency; did you mean 'optional'?",
    ],
    [
      { join: 'most' },
      "nodes.0.join: join must be 'all', 'any' or {at_least: a positive integer}, not 'most'",
    ],
    [
      { join: { atLeast: 0 } },
      "nodes.0.join: join must be 'all', 'any' or {at_least: a positive integer}, not a map",
    ],
    [
      { cacheStrategy: { ttl: -1 } },
      "nodes.0.cacheStrategy: cacheStrategy must be 'always', 'never', {ttl: seconds above 0 and at most 31,536,000} or {custom: a key}, not a map",
    ],
    [{ inputs: {} }, 'nodes.0.inputs: inputs must be a list, not a map'],
    [
      { inputs: ['n'] },
      "nodes.0.inputs.0: every item of inputs must be a map with a name, not 'n'",
    ],
    [{ inputs: [{ value: 1 }] }, 'nodes.0.inputs.0: an input has no name'],
    [
      { outputs: [{ name: 'o' }, { name: 'o' }] },
      "nodes.0.outputs.1.name: the name 'o' is given to two outputs",
    ],
    [
      { dependson: ['b'] },
      "nodes.0.dependson: unknown key 'dependson' in a node; did you mean 'dependencies'?",
    ],
    [{ retries: 3 }, "nodes.0.retries: unknown key 'retries' in a node; did you mean 'tryCount'?"],
    [
      { try_count: 3 },
      "nodes.0.try_count: unknown key 'try_count' in a node; did you mean 'tryCount'?",
    ],
  ])('%j is refused', (parts, reason) => {
    expect(ofNode(parts)).toEqual([reason]);
  });

  it('takes an undefined key for an absent one', () => {
    expect(
      ofNode({ timeout: undefined, dependencies: undefined, when: undefined, inputs: undefined }),
    ).toEqual([]);
  });

  it.each([[() => 1], [new Date(0)], [1n], [Number.NaN], [Infinity]])(
    'refuses a literal that is not JSON: %s',
    (value) => {
      expect(ofNode({ inputs: [{ name: 'n', value }] })).toEqual([
        expect.stringMatching(/^nodes.0.inputs.0.value: value must be a JSON value: /),
      ]);
    },
  );

  it('is judged once: what follows from a misshapen node is not reported again', () => {
    expect(
      said({
        name: 'g',
        nodes: [
          { action: 'x' },
          { id: 'b', action: 'x', dependencies: 7 },
          { id: 'c', action: 'x', dependencies: ['b'] },
        ],
      }),
    ).toEqual(
      [
        'nodes.0: id is missing',
        'nodes.1.dependencies: dependencies must be a list of ids, not 7',
      ].map((reason) => expect.stringContaining(reason)),
    );
  });

  it('is judged in full: every problem of every node is reported', () => {
    const reasons = said({
      name: 'g',
      nodes: [{ id: 'a', timeout: 0, tryCount: 0 }, 5, { id: 'b', action: '' }],
    });
    expect(reasons).toHaveLength(5);
  });
});
