import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS } from '../config/fields.ts';
import { yamlJsonSchema } from './json-schema.ts';
import { GRAPH_KEYS, INPUT_KEYS, NODE_KEYS, OUTPUT_KEYS, snakeCase } from './keys.ts';
import { loadYaml } from './yaml/load.ts';
import { parse } from 'yaml';

const accepts = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  yamlJsonSchema,
);

const NODE = 'nodes:\n  - id: a\n    action: x\n';

/** Texts on which the schema and the loader must agree, each with what both should say. */
const TEXTS: readonly (readonly [what: string, text: string, good: boolean])[] = [
  ['a plain node', NODE, true],
  [
    'every key of a graph',
    `name: g\ndescription: d\ninstructions: [i]\ntags: [t]\nauthor: a\nversion: 1.0\nsignature: s\nconfig: {}\n${NODE}`,
    true,
  ],
  [
    'every key of a node',
    `${NODE}    description: d\n    instructions: [i]\n    dependencies: []\n    join: all\n    when: 'true'\n    enabled: false\n    inputs: [{name: n, description: d, reference: inputs.n, default: 1}, {name: m, value: {a: [1]}}]\n    outputs: [{name: o, description: d}]\n    timeout: 0.5\n    duration: 100000\n    try_count: 2\n    failure: f\n    onfailure: false\n    cache_strategy: always\n`,
    true,
  ],
  [
    'the camelCase form of a node key',
    `${NODE}    tryCount: 2\n    cacheStrategy: {ttl: 5}\n`,
    true,
  ],
  ['the camelCase form of a setting', `config: {maxParallelNodes: 3}\n${NODE}`, true],
  [
    'capitalised words',
    `config: {on_failure: Halt, human_timeout_action: Autopilot, retry_strategy: Immediate}\n${NODE}    cache_strategy: {Custom: k}\n`,
    true,
  ],
  [
    "the documents' strategies",
    `config: {retry_strategy: {Exponential: {initial_delay_secs: 1, max_delay_secs: 9, multiplier: 1.5}}}\n${NODE}`,
    true,
  ],
  ['a strategy with a type', `config: {retry_strategy: {type: linear, delay: 3}}\n${NODE}`, true],
  [
    'null where it means no limit',
    `config: {max_tokens: null, human_wait_minutes: null, review_frequency: null, max_retry_duration: null}\n${NODE}`,
    true,
  ],
  [
    'an optional dependency',
    `nodes:\n  - {id: a, action: x}\n  - {id: b, action: x, dependencies: [{id: a, optional: true}]}\n`,
    true,
  ],
  [
    'a join of a number',
    `nodes:\n  - {id: a, action: x}\n  - {id: b, action: x, dependencies: [a], join: {at_least: 1}}\n`,
    true,
  ],
  ['no nodes', 'name: g\n', false],
  ['an unknown key of a graph', `nodez: []\n${NODE}`, false],
  ['an unknown key of a node', `${NODE}    retries: 2\n`, false],
  ['an unknown key of an input', `${NODE}    inputs: [{name: n, ref: inputs.n}]\n`, false],
  ['an unknown key of an output', `${NODE}    outputs: [{name: n, type: int}]\n`, false],
  ['an unknown setting', `config: {max_attempt: 2}\n${NODE}`, false],
  ['a node without an action', 'nodes: [{id: a}]\n', false],
  ['a timeout of nothing', `${NODE}    timeout: 0\n`, false],
  ['a timeout over a day', `${NODE}    timeout: 86401\n`, false],
  ['a duration of nothing', `${NODE}    duration: 0\n`, false],
  ['a duration without end', `${NODE}    duration: .inf\n`, false],
  ['an order of starts', `config: {node_order: definition}\n${NODE}`, true],
  ['an order that there is not', `config: {node_order: random}\n${NODE}`, false],
  ['no attempts', `${NODE}    try_count: 0\n`, false],
  ['half an attempt', `${NODE}    try_count: 1.5\n`, false],
  ['a string for a list of dependencies', `${NODE}    dependencies: a\n`, false],
  ['a word that is no policy', `config: {on_failure: explode}\n${NODE}`, false],
  ['too many iterations', `config: {max_iterations: 1001}\n${NODE}`, false],
  ['too long a wait for a person', `config: {human_wait_minutes: 1441}\n${NODE}`, false],
  [
    'a strategy of two kinds',
    `config: {retry_strategy: {linear: {}, exponential: {}}}\n${NODE}`,
    false,
  ],
  ['a negative delay', `config: {retry_strategy: {linear: {delay_secs: -1}}}\n${NODE}`, false],
  ['a cache strategy with two keys', `${NODE}    cache_strategy: {ttl: 5, custom: k}\n`, false],
];

describe('the JSON Schema of the YAML format', () => {
  it('is the file that the package publishes', () => {
    const published: unknown = JSON.parse(
      readFileSync(new URL('../../schema/dagger.schema.json', import.meta.url), 'utf8'),
    );
    expect(published).toEqual(yamlJsonSchema);
  });

  it.each(TEXTS)('agrees with the loader on %s', (_, text, good) => {
    const { graph, diagnostics } = loadYaml(text);
    expect({ loader: graph !== undefined, diagnostics: good ? diagnostics : [] }).toEqual({
      loader: good,
      diagnostics: [],
    });
    expect({ schema: accepts(parse(text)), errors: good ? (accepts.errors ?? []) : [] }).toEqual({
      schema: good,
      errors: [],
    });
  });

  it('has the keys that the loader knows, no more and no less', () => {
    interface Part {
      readonly properties: Readonly<Record<string, Part>>;
      readonly items: Part;
    }
    const graph = yamlJsonSchema as unknown as Part;
    const node = graph.properties['nodes']?.items as Part;
    const keysOf = (part: Part | undefined): string[] =>
      Object.keys(part?.properties ?? {}).toSorted();
    const written = (keys: readonly string[]): string[] => keys.map(snakeCase).toSorted();
    expect(keysOf(graph)).toEqual(written(GRAPH_KEYS));
    expect(keysOf(node)).toEqual(written(NODE_KEYS));
    expect(keysOf(graph.properties['config'])).toEqual(written(CONFIG_KEYS));
    expect(keysOf(node.properties['inputs']?.items)).toEqual(written(INPUT_KEYS));
    expect(keysOf(node.properties['outputs']?.items)).toEqual(written(OUTPUT_KEYS));
  });

  it('explains every key', () => {
    const silent: string[] = [];
    const look = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      for (const [key, value] of Object.entries(part as Readonly<Record<string, unknown>>)) {
        if (key === 'properties') {
          for (const [name, schema] of Object.entries(
            value as Readonly<Record<string, { description?: string }>>,
          )) {
            if (
              name !== 'type' &&
              !/^(linear|exponential|immediate)$/.test(name) &&
              (schema.description ?? '') === ''
            )
              silent.push(`${path}.${name}`);
          }
        }
        look(value, `${path}.${key}`);
      }
    };
    look(yamlJsonSchema, '');
    expect(silent).toEqual([]);
  });
});
