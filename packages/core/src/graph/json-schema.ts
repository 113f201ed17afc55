import { CONFIG_KEYS } from '../config/fields.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { LONGEST_CONDITION } from './expression.ts';
import { config } from './json-schema-config.ts';
import {
  scalar,
  name,
  texts,
  flag,
  number,
  integer,
  words,
  closed,
  single,
  type Properties,
} from './json-schema-parts.ts';
import { snakeCase } from './keys.ts';
import type { GraphDefinition, InputField, NodeDefinition, OutputField } from './model.ts';
import { MAX_ID_LENGTH } from './node-id.ts';
import { LONGEST_NAME, LONGEST_TIMEOUT, LONGEST_TTL, MOST_ATTEMPTS } from './shape-parts.ts';

const input: Properties<InputField> = {
  name: name('The name under which the action finds the input.'),
  description: scalar('What the input is.'),
  reference: scalar(
    'inputs.<name> for an input of the run, <node>.<output> for an output; deeper parts walk into the value.',
  ),
  value: { description: 'A literal.' },
  default: { description: 'Stands in where there is nothing at the reference.' },
};

const output: Properties<OutputField> = {
  name: name('The name of the output.'),
  description: scalar('What the output is.'),
};

const nodeId: JsonObject = scalar('The id of the node, unique in the graph.', {
  minLength: 1,
  maxLength: MAX_ID_LENGTH,
});

const node: Properties<NodeDefinition> = {
  id: nodeId,
  action: name('The name of the registered action that the node runs.'),
  dependencies: {
    description: 'The nodes that come before this one.',
    type: 'array',
    items: {
      anyOf: [
        { ...nodeId, description: 'The id of a node.' },
        closed(
          { id: nodeId, optional: flag('Run whatever became of this dependency. Default false.') },
          ['id'],
        ),
      ],
    },
  },
  inputs: {
    description: 'What the action gets.',
    type: 'array',
    items: closed(input, ['name']),
  },
  outputs: {
    description: 'What the action gives.',
    type: 'array',
    items: closed(output, ['name']),
  },
  timeout: number('Seconds for one attempt.', { exclusiveMinimum: 0, maximum: LONGEST_TIMEOUT }),
  duration: number(
    'Seconds that a successful attempt is expected to take; only the order in which nodes start depends on it. Default: that of the action, else learned from earlier runs.',
    { exclusiveMinimum: 0 },
  ),
  tryCount: integer('Attempts in all; 1 means no retry.', { minimum: 1, maximum: MOST_ATTEMPTS }),
  failure: name('The action that runs after the last failed attempt.'),
  onfailure: flag(
    'false: the final failure of this node stops the run, whatever the policy of the run. Default true.',
  ),
  description: scalar('What the node does.'),
  instructions: texts('Instructions for an agent that runs the node.'),
  cacheStrategy: {
    description: 'Reuse of results across runs. Default never.',
    anyOf: [
      words('', 'always', 'never'),
      single(
        'ttl',
        number('Seconds for which a result may be reused.', {
          exclusiveMinimum: 0,
          maximum: LONGEST_TTL,
        }),
      ),
      single('custom', {
        description: 'The key of the result, in place of the hash of its inputs.',
        type: 'string',
        minLength: 1,
        maxLength: LONGEST_NAME,
      }),
    ],
  },
  when: {
    description:
      'A CEL expression over inputs, outputs and status; the node is skipped where it is false.',
    type: ['string', 'boolean'],
    minLength: 1,
    maxLength: LONGEST_CONDITION,
  },
  join: {
    description: 'How many dependencies must succeed. Default all.',
    anyOf: [{ enum: ['all', 'any'] }, closed({ atLeast: integer('So many.', { minimum: 1 }) })],
  },
  enabled: flag(
    'false: the node starts disabled and is skipped unless it is enabled before its turn. Default true.',
  ),
};

const graph: Properties<GraphDefinition> = {
  name: name('The name of the graph. Default: the name of the file.'),
  description: scalar('What the graph does.'),
  instructions: texts('Instructions for agents.'),
  tags: texts('Words to find the graph by.'),
  author: scalar('Who wrote it.'),
  version: scalar('Its version.'),
  signature: scalar('A signature of the author.'),
  config: {
    ...closed(config),
    description: `Settings of a run: ${CONFIG_KEYS.map(snakeCase).join(', ')}. An absent one keeps the value of the executor.`,
  },
  nodes: {
    description: 'The nodes, in any order.',
    type: 'array',
    items: closed(node, ['id', 'action']),
  },
};

/** The YAML format as JSON Schema (draft-07, which every editor knows). */
export const yamlJsonSchema: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'dagger graph',
  description: 'A graph of actions, as dagger loads it from YAML.',
  ...closed(graph, ['nodes']),
} satisfies Record<string, JsonValue>;
