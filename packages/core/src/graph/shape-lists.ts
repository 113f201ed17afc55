import { DaggerError } from '../errors.ts';
import { checkJson } from '../json.ts';
import { problem, type Problems } from './compile.ts';
import { describeValue } from './describe.ts';
import { printable, type DefinitionPath } from './diagnostic.ts';
import { INPUT_KEYS, OUTPUT_KEYS, unknownKey, type KeyUse } from './keys.ts';
import { boolean, isMap, name, text, type CheckPart, type Parts } from './shape-parts.ts';

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
    checkJson(value);
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
