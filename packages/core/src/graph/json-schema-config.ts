import type { DagConfigInput } from '../config/model.ts';
import type { JsonObject } from '../json.ts';
import {
  flag,
  number,
  integer,
  orNull,
  words,
  single,
  type Properties,
} from './json-schema-parts.ts';
import { camelCase } from './keys.ts';

/** A delay under the spelling that editors offer, and under the others that the loader takes. */
const delayNamed = (
  stem: string,
  description: string,
): { readonly properties: JsonObject; readonly patternProperties: JsonObject } => {
  const schema = number(description, { minimum: 0, maximum: 86_400 });
  const camel = camelCase(stem);
  const others = [stem, `${stem}_seconds`, camel, `${camel}Secs`, `${camel}Seconds`];
  return {
    properties: { [`${stem}_secs`]: schema },
    patternProperties: { [`^(${[...new Set(others)].join('|')})$`]: schema },
  };
};

const linear = delayNamed('delay', 'Seconds before each further attempt. Default 5.');
const initial = delayNamed('initial_delay', 'Seconds before the second attempt. Default 2.');
const longest = delayNamed('max_delay', 'No delay is longer. Default 60.');
const multiplier: JsonObject = number('Each delay is this many times the one before.', {
  minimum: 1,
  maximum: 1_000,
});

const linearParts: JsonObject = { type: 'object', ...linear, additionalProperties: false };
const exponentialParts: JsonObject = {
  type: 'object',
  properties: { ...initial.properties, ...longest.properties, multiplier },
  patternProperties: { ...initial.patternProperties, ...longest.patternProperties },
  additionalProperties: false,
};

const withType = (parts: JsonObject, type: string): JsonObject => ({
  ...parts,
  properties: {
    type: {
      type: 'string',
      pattern: `^[${type.slice(0, 1)}${type.slice(0, 1).toUpperCase()}]${type.slice(1)}$`,
    },
    ...(parts['properties'] as JsonObject),
  },
  required: ['type'],
});

const retryStrategy: JsonObject = {
  description:
    'How long to wait before the next attempt. Default: exponential, 2 s doubled up to 60 s.',
  anyOf: [
    words('', 'immediate', 'linear', 'exponential'),
    single('linear', linearParts),
    single('exponential', exponentialParts),
    single('immediate', { type: 'object', maxProperties: 0 }),
    withType(linearParts, 'linear'),
    withType(exponentialParts, 'exponential'),
    withType({ type: 'object', additionalProperties: false }, 'immediate'),
  ],
};

/** The schema of each setting. */
export const config: Properties<DagConfigInput> = {
  maxAttempts: integer(
    'Attempts of a node in all, unless the node or its action says otherwise. Default 3.',
    { minimum: 1, maximum: 1_000 },
  ),
  onFailure: words(
    'What a failed node means for the run. Default pause.',
    'continue',
    'pause',
    'stop',
    'halt',
  ),
  timeoutSeconds: number('Seconds for the whole run. Default 3600.', {
    minimum: 1,
    maximum: 86_400,
  }),
  maxParallelNodes: integer('Nodes that run at the same time. Default 50.', {
    minimum: 1,
    maximum: 10_000,
  }),
  enableParallelExecution: flag(
    'false runs one node at a time, in topological order. Default true.',
  ),
  nodeOrder: words(
    'Which ready nodes start first when there are more than free slots: critical_path, those with the longest path before them, as far as durations are known; definition, those defined first. Default critical_path.',
    'critical_path',
    'definition',
  ),
  retryStrategy,
  retryJitter: flag('Spread each delay at random over its second half. Default true.'),
  maxRetryDuration: orNull(
    number(
      'Seconds from the first attempt after which a node is not tried again; null for no such limit.',
      { exclusiveMinimum: 0 },
    ),
  ),
  humanWaitMinutes: orNull(
    number(
      'Minutes that a node waits for a person, unless it says otherwise; null (default) waits without end, and the run may pause meanwhile.',
      { minimum: 0, maximum: 1_440 },
    ),
  ),
  humanTimeoutAction: words(
    'What a node does when nobody answered in time: pause (default), or autopilot, which goes on without an answer.',
    'autopilot',
    'pause',
  ),
  maxTokens: orNull(
    integer('Tokens that all actions together may report; null for no limit.', { minimum: 1 }),
  ),
  maxNodes: orNull(
    integer('Nodes that a run may have, those that it grows included; null for no limit.', {
      minimum: 1,
    }),
  ),
  maxDependencyDepth: orNull(
    integer('Nodes in the longest chain of dependencies; null for no limit.', { minimum: 1 }),
  ),
  maxOutputBytes: orNull(
    integer('Bytes of JSON that the outputs of one node may have; null for no limit.', {
      minimum: 2,
    }),
  ),
  maxIterations: integer('Iterations of a supervisor. Default 50.', { minimum: 1, maximum: 1_000 }),
  reviewFrequency: orNull(
    integer('Iterations of a supervisor between two human reviews; null for none. Default 5.', {
      minimum: 1,
    }),
  ),
  gracePeriod: number(
    'Seconds to wait for running actions after a cancellation or a timeout. Default 5.',
    { minimum: 0, maximum: 3_600 },
  ),
  enableIncrementalCache: flag(
    'Take a snapshot of a long run now and then, so that going on after a crash need not read all of its journal. What changes is written in any case. Default true.',
  ),
  cacheSnapshotInterval: number(
    'Seconds between two snapshots at least; none is taken before 5,000 further events. Default 60.',
    {
      minimum: 1,
    },
  ),
};
