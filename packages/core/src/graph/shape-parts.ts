import { problem, type Problems } from './compile.ts';
import { describeValue, grouped } from './describe.ts';
import { printable, type DefinitionPath, type DiagnosticCode } from './diagnostic.ts';
import { sealJson } from '../json.ts';
import { DaggerError } from '../errors.ts';
import { INPUT_KEYS, OUTPUT_KEYS, unknownKey, type KeyUse } from './keys.ts';

/** Checks the value of one key, which is present. */
export type CheckPart = (
  value: unknown,
  key: string,
  problems: Problems,
  path: DefinitionPath,
  nodeId: string | undefined,
) => void;

export const LONGEST_NAME = 256;
export const LONGEST_TIMEOUT = 86_400;
export const MOST_ATTEMPTS = 1_000;
export const LONGEST_TTL = 31_536_000;

// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]/u;

type Parts = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A check that a predicate makes and one sentence explains. */
const must =
  (what: string, code: DiagnosticCode, fits: (value: unknown) => boolean): CheckPart =>
  (value, key, problems, path, nodeId) => {
    if (!fits(value))
      problem(problems, code, `${key} must be ${what}, not ${describeValue(value)}`, path, nodeId);
  };

export const boolean: CheckPart = must(
  'true or false',
  'type',
  (value) => typeof value === 'boolean',
);

export const text: CheckPart = must('a string', 'type', (value) => typeof value === 'string');

export const texts: CheckPart = (value, key, problems, path, nodeId) => {
  if (!Array.isArray(value))
    return problem(
      problems,
      'type',
      `${key} must be a list of strings, not ${describeValue(value)}`,
      path,
      nodeId,
    );
  value.forEach((item: unknown, i) => {
    if (typeof item !== 'string')
      problem(
        problems,
        'type',
        `every item of ${key} must be a string, not ${describeValue(item)}`,
        [...path, i],
        nodeId,
      );
  });
};

/** A text that names something: not empty, on one line. */
export const name: CheckPart = (value, key, problems, path, nodeId) => {
  if (typeof value !== 'string')
    return problem(
      problems,
      'type',
      `${key} must be a string, not ${describeValue(value)}`,
      path,
      nodeId,
    );
  const longest = key === 'when' ? 10_000 : LONGEST_NAME;
  if (value.trim() === '')
    return problem(problems, 'value-range', `${key} must not be empty`, path, nodeId);
  if (value.length > longest)
    return problem(
      problems,
      'value-range',
      `${key} has ${grouped(value.length)} characters, more than ${grouped(longest)}`,
      path,
      nodeId,
    );
  const bad = key === 'when' ? null : UNPRINTABLE.exec(value);
  if (bad)
    problem(
      problems,
      'value-range',
      `${key} holds the unprintable character ${printable(bad[0])}`,
      path,
      nodeId,
    );
};

const numberIn =
  (what: string, fits: (value: number) => boolean): CheckPart =>
  (value, key, problems, path, nodeId) => {
    const code = typeof value === 'number' ? 'value-range' : 'type';
    if (typeof value !== 'number' || !fits(value))
      problem(problems, code, `${key} must be ${what}, not ${describeValue(value)}`, path, nodeId);
  };

export const seconds: CheckPart = numberIn(
  `a number of seconds above 0 and at most ${grouped(LONGEST_TIMEOUT)}`,
  (value) => value > 0 && value <= LONGEST_TIMEOUT,
);

export const numberOfAttempts: CheckPart = numberIn(
  `an integer from 1 to ${grouped(MOST_ATTEMPTS)} (attempts in all)`,
  (value) => Number.isInteger(value) && value >= 1 && value <= MOST_ATTEMPTS,
);

export const join: CheckPart = must(
  `'all', 'any' or {at_least: a positive integer}`,
  'type',
  (value) => {
    if (!isMap(value)) return value === 'all' || value === 'any';
    const { atLeast, ...more } = value;
    return (
      Number.isSafeInteger(atLeast) && (atLeast as number) >= 1 && Object.keys(more).length === 0
    );
  },
);

export const cacheStrategy: CheckPart = must(
  `'always', 'never', {ttl: seconds above 0 and at most ${grouped(LONGEST_TTL)}} or {custom: a key}`,
  'type',
  (value) => {
    if (!isMap(value)) return value === 'always' || value === 'never';
    const [[kind, detail] = [], ...more] = Object.entries(value);
    if (more.length > 0) return false;
    if (kind === 'ttl') return typeof detail === 'number' && detail > 0 && detail <= LONGEST_TTL;
    return (
      kind === 'custom' &&
      typeof detail === 'string' &&
      detail !== '' &&
      detail.length <= LONGEST_NAME
    );
  },
);

/** @param path that of the node, so that the path of the list is made for problems only. */
export const dependencies = (
  value: unknown,
  path: DefinitionPath,
  problems: Problems,
  nodeId: string | undefined,
): void => {
  if (!Array.isArray(value))
    return problem(
      problems,
      'type',
      `dependencies must be a list of ids, not ${describeValue(value)}`,
      [...path, 'dependencies'],
      nodeId,
    );
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i];
    if (typeof item !== 'string')
      dependencyMap(item, problems, [...path, 'dependencies', i], nodeId);
  }
};

const DEPENDENCY_USE: KeyUse = { of: 'a dependency', known: ['id', 'optional'], spelling: 'camel' };

const dependencyMap = (
  item: unknown,
  problems: Problems,
  path: DefinitionPath,
  nodeId: string | undefined,
): void => {
  if (!isMap(item))
    return problem(
      problems,
      'type',
      `every item of dependencies must be an id or {id, optional}, not ${describeValue(item)}`,
      path,
      nodeId,
    );
  for (const [key, value] of Object.entries(item)) {
    if (key === 'optional') {
      if (value !== undefined) boolean(value, 'optional', problems, [...path, key], nodeId);
    } else if (key !== 'id')
      problem(problems, 'key-unknown', unknownKey(key, DEPENDENCY_USE), [...path, key], nodeId);
  }
  if (typeof item['id'] !== 'string')
    problem(
      problems,
      'type',
      `the id of a dependency must be a string, not ${describeValue(item['id'])}`,
      path,
      nodeId,
    );
};

/** The items of a list of `{name, ...}`, their names distinct. */
const fields =
  (
    use: KeyUse,
    checkItem?: (
      item: Parts,
      problems: Problems,
      path: DefinitionPath,
      nodeId: string | undefined,
    ) => void,
  ): CheckPart =>
  (value, key, problems, path, nodeId) => {
    if (!Array.isArray(value))
      return problem(
        problems,
        'type',
        `${key} must be a list, not ${describeValue(value)}`,
        path,
        nodeId,
      );
    const seen = new Set<unknown>();
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      const at = [...path, i];
      if (!isMap(item)) {
        problem(
          problems,
          'type',
          `every item of ${key} must be a map with a name, not ${describeValue(item)}`,
          at,
          nodeId,
        );
        continue;
      }
      for (const part of Object.keys(item)) {
        if (!use.known.includes(part))
          problem(problems, 'key-unknown', unknownKey(part, use), [...at, part], nodeId);
      }
      if (item['name'] === undefined)
        problem(problems, 'type', `${use.of} has no name`, at, nodeId);
      else name(item['name'], 'name', problems, [...at, 'name'], nodeId);
      if (item['description'] !== undefined)
        text(item['description'], 'description', problems, [...at, 'description'], nodeId);
      checkItem?.(item, problems, at, nodeId);
      if (typeof item['name'] === 'string' && seen.has(item['name'])) {
        const code = key === 'inputs' ? 'input-conflict' : 'key-duplicate';
        problem(
          problems,
          code,
          `the name '${printable(item['name'])}' is given to two ${key}`,
          [...at, 'name'],
          nodeId,
        );
      }
      seen.add(item['name']);
    }
  };

const literal = (
  value: unknown,
  key: string,
  problems: Problems,
  path: DefinitionPath,
  nodeId: string | undefined,
): void => {
  try {
    // Sealing freezes the literal, which is what keeps later changes out of the graph.
    sealJson(value);
  } catch (error) {
    const reason =
      error instanceof DaggerError ? error.message : `${describeValue(value)} is not a JSON value`;
    problem(problems, 'type', `${key} must be a JSON value: ${reason}`, path, nodeId);
  }
};

export const inputs: CheckPart = fields(
  { of: 'an input', known: INPUT_KEYS, spelling: 'camel' },
  (item, problems, path, nodeId) => {
    if (item['reference'] !== undefined)
      text(item['reference'], 'reference', problems, [...path, 'reference'], nodeId);
    for (const key of ['value', 'default']) {
      const value = item[key];
      if (
        typeof value === 'string' ||
        typeof value === 'boolean' ||
        value === null ||
        value === undefined
      )
        continue;
      literal(value, key, problems, [...path, key], nodeId);
    }
  },
);

export const outputs: CheckPart = fields({
  of: 'an output',
  known: OUTPUT_KEYS,
  spelling: 'camel',
});
