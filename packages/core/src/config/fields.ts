import { describeValue, grouped } from '../graph/describe.ts';
import type { DagConfigInput } from './model.ts';
import { readRetryStrategy } from './retry-strategy.ts';

/** What reading a setting gives: its canonical value, or what the setting must be. */
export type Reading = { readonly value: unknown } | { readonly must: string };

/** Reads one setting; `written` is its name as the author spelled it. */
export type ReadSetting = (value: unknown, written: string) => Reading;

interface Range {
  readonly least?: number;
  /** Strictly more than this. */
  readonly above?: number;
  readonly most?: number;
  readonly whole?: boolean;
  readonly nullable?: boolean;
  readonly unit?: string;
}

const rangeText = ({ least, above, most, whole, nullable, unit }: Range): string => {
  const low =
    above === undefined
      ? least === undefined
        ? ''
        : ` of at least ${grouped(least)}`
      : ` above ${above}`;
  const bounds =
    least !== undefined && most !== undefined
      ? ` from ${grouped(least)} to ${grouped(most)}`
      : `${low}${most === undefined ? '' : ` and at most ${grouped(most)}`}`;
  return `${whole === true ? 'an integer' : 'a number'}${unit === undefined ? '' : ` of ${unit}`}${bounds}${nullable === true ? ' or null' : ''}`;
};

const numberIn = (range: Range): ReadSetting => {
  const must = rangeText(range);
  return (value) => {
    if (value === null && range.nullable === true) return { value };
    const fits =
      typeof value === 'number' &&
      Number.isFinite(value) &&
      (range.whole !== true || Number.isSafeInteger(value)) &&
      (range.least === undefined || value >= range.least) &&
      (range.above === undefined || value > range.above) &&
      (range.most === undefined || value <= range.most);
    return fits ? { value } : { must };
  };
};

/** One of a few words, capitalised or not; `synonyms` are read as other words. */
const oneOf = (
  words: readonly string[],
  synonyms: Readonly<Record<string, string>> = {},
): ReadSetting => {
  const must = `one of ${[...words, ...Object.keys(synonyms)].join(', ')}`;
  return (value) => {
    if (typeof value !== 'string') return { must };
    const word = value.slice(0, 1).toLowerCase() + value.slice(1);
    if (words.includes(word)) return { value: word };
    return Object.hasOwn(synonyms, word) ? { value: synonyms[word] } : { must };
  };
};

const flag: ReadSetting = (value) =>
  typeof value === 'boolean' ? { value } : { must: 'true or false' };

/** Every setting, and how it is read; the compiler lists what is missing. */
export const CONFIG_FIELDS: { readonly [K in keyof DagConfigInput]-?: ReadSetting } = {
  maxAttempts: numberIn({ whole: true, least: 1, most: 1_000 }),
  onFailure: oneOf(['continue', 'pause', 'stop'], { halt: 'stop' }),
  timeoutSeconds: numberIn({ unit: 'seconds', least: 1, most: 86_400 }),
  maxParallelNodes: numberIn({ whole: true, least: 1, most: 10_000 }),
  enableParallelExecution: flag,
  nodeOrder: oneOf(['critical_path', 'definition']),
  retryStrategy: readRetryStrategy,
  retryJitter: flag,
  maxRetryDuration: numberIn({ unit: 'seconds', above: 0, nullable: true }),
  humanWaitMinutes: numberIn({ unit: 'minutes', least: 0, most: 1_440, nullable: true }),
  humanTimeoutAction: oneOf(['autopilot', 'pause']),
  maxTokens: numberIn({ whole: true, least: 1, nullable: true }),
  maxNodes: numberIn({ whole: true, least: 1, nullable: true }),
  maxDependencyDepth: numberIn({ whole: true, least: 1, nullable: true }),
  maxOutputBytes: numberIn({ whole: true, least: 2, nullable: true }),
  maxIterations: numberIn({ whole: true, least: 1, most: 1_000 }),
  reviewFrequency: numberIn({ whole: true, least: 1, nullable: true }),
  gracePeriod: numberIn({ unit: 'seconds', least: 0, most: 3_600 }),
  enableIncrementalCache: flag,
  cacheSnapshotInterval: numberIn({ unit: 'seconds', least: 1 }),
};

export const CONFIG_KEYS: readonly (keyof DagConfigInput)[] = Object.keys(
  CONFIG_FIELDS,
) as (keyof DagConfigInput)[];

/** The message about a setting that cannot be used: its name, what it must be, what it is. */
export const refusal = (written: string, must: string, value: unknown): string =>
  `${written} must be ${must}, not ${describeValue(value)}`;
