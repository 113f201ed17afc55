import { problem, type Problems } from './compile.ts';
import { describeValue, grouped } from './describe.ts';
import { printable, quote, type DefinitionPath, type DiagnosticCode } from './diagnostic.ts';

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

export type Parts = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is Parts =>
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
  // A condition may have several lines; its text is only ever shown escaped.
  if (key !== 'when' && printable(value, longest) !== value)
    problem(
      problems,
      'value-range',
      `${key} holds an unprintable character: ${quote(value)}`,
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

/** An estimate: not bound by what an attempt may take. */
export const expectedSeconds: CheckPart = numberIn(
  'a number of seconds above 0',
  (value) => value > 0 && Number.isFinite(value),
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
