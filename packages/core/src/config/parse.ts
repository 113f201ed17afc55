import type { Diagnostic, DefinitionPath } from '../graph/diagnostic.ts';
import { problem } from '../graph/compile.ts';
import { describeValue } from '../graph/describe.ts';
import { camelCase, unknownKey } from '../graph/keys.ts';
import { CONFIG_FIELDS, CONFIG_KEYS, refusal } from './fields.ts';
import type { DagConfigInput } from './model.ts';

const isSetting = (key: string): key is keyof DagConfigInput => Object.hasOwn(CONFIG_FIELDS, key);

/**
 * Reads settings as they are written, each key in snake_case or camelCase. Problems are reported under the camelCase
 * key and name the key as it was written.
 * @returns only the keys that are present and good, in camelCase.
 */
export const parseConfig = (
  input: unknown,
  problems: Diagnostic[],
  path: DefinitionPath,
): DagConfigInput => {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    problem(
      problems,
      'type',
      `config must be a map of settings, not ${describeValue(input)}`,
      path,
    );
    return {};
  }
  const config: Record<string, unknown> = {};
  let spelling: 'camel' | 'snake' = 'camel';
  for (const key of Object.keys(input)) if (key.includes('_')) spelling = 'snake';
  for (const [written, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const key = written.includes('_') ? camelCase(written) : written;
    if (!isSetting(key)) {
      const use = { of: 'config', known: CONFIG_KEYS, synonyms: 'config', spelling } as const;
      problem(problems, 'key-unknown', unknownKey(written, use), [...path, written]);
      continue;
    }
    if (Object.hasOwn(config, key)) {
      problem(problems, 'key-duplicate', `${written} is given twice, in two spellings`, [
        ...path,
        written,
      ]);
      continue;
    }
    const reading = CONFIG_FIELDS[key](value, written);
    if ('must' in reading) {
      problem(problems, 'config-invalid', refusal(written, reading.must, value), [...path, key]);
    } else config[key] = reading.value;
  }
  return config;
};
