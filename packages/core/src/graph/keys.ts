import { closest } from './compile.ts';
import { printable, quote } from './diagnostic.ts';
import type { GraphDefinition, InputField, NodeDefinition, OutputField } from './model.ts';

/** `tryCount` as YAML spells it: `try_count`. */
export const snakeCase = (key: string): string =>
  key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `try_count` as code spells it: `tryCount`. */
export const camelCase = (key: string): string =>
  key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The keys of each part of a definition as code spells them, in the order in which they are best written. */
export const GRAPH_KEYS: readonly (keyof GraphDefinition)[] = [
  'name',
  'description',
  'instructions',
  'tags',
  'author',
  'version',
  'signature',
  'config',
  'nodes',
];
export const NODE_KEYS: readonly (keyof NodeDefinition)[] = [
  'id',
  'action',
  'description',
  'instructions',
  'dependencies',
  'join',
  'when',
  'enabled',
  'inputs',
  'outputs',
  'timeout',
  'duration',
  'tryCount',
  'failure',
  'onfailure',
  'cacheStrategy',
];
export const INPUT_KEYS: readonly (keyof InputField)[] = [
  'name',
  'description',
  'reference',
  'value',
  'default',
];
export const OUTPUT_KEYS: readonly (keyof OutputField)[] = ['name', 'description'];

/** What other engines call a thing of ours; a wish for another spelling, never an alias. */
const NODE_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['dependson', 'dependencies'],
  ['depends', 'dependencies'],
  ['dependency', 'dependencies'],
  ['deps', 'dependencies'],
  ['needs', 'dependencies'],
  ['after', 'dependencies'],
  ['requires', 'dependencies'],
  ['runafter', 'dependencies'],
  ['upstream', 'dependencies'],
  ['retry', 'try_count'],
  ['retries', 'try_count'],
  ['attempts', 'try_count'],
  ['maxretries', 'try_count'],
  ['maxattempts', 'try_count'],
  ['if', 'when'],
  ['condition', 'when'],
  ['uses', 'action'],
  ['run', 'action'],
  ['type', 'action'],
  ['task', 'action'],
  ['cache', 'cache_strategy'],
  ['timeoutseconds', 'timeout'],
  ['durationseconds', 'duration'],
  ['estimate', 'duration'],
  ['expectedduration', 'duration'],
  ['disabled', 'enabled'],
  ['with', 'inputs'],
  ['params', 'inputs'],
  ['parameters', 'inputs'],
  ['args', 'inputs'],
  ['trigger', 'join'],
  ['triggerrule', 'join'],
  ['onerror', 'failure'],
]);

const GRAPH_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['concurrency', 'config.max_parallel_nodes'],
  ['parallelism', 'config.max_parallel_nodes'],
  ['maxparallel', 'config.max_parallel_nodes'],
  ['maxparallelnodes', 'config.max_parallel_nodes'],
  ['timeout', 'config.timeout_seconds'],
  ['timeoutseconds', 'config.timeout_seconds'],
  ['onfailure', 'config.on_failure'],
  ['retries', 'config.max_attempts'],
  ['maxattempts', 'config.max_attempts'],
  ['retrystrategy', 'config.retry_strategy'],
  ['tasks', 'nodes'],
  ['steps', 'nodes'],
  ['jobs', 'nodes'],
  ['id', 'name'],
  ['title', 'name'],
]);

const CONFIG_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['concurrency', 'max_parallel_nodes'],
  ['parallelism', 'max_parallel_nodes'],
  ['maxparallel', 'max_parallel_nodes'],
  ['timeout', 'timeout_seconds'],
  ['retries', 'max_attempts'],
  ['trycount', 'max_attempts'],
  ['retry', 'retry_strategy'],
  ['backoff', 'retry_strategy'],
  ['jitter', 'retry_jitter'],
  ['onerror', 'on_failure'],
  ['order', 'node_order'],
  ['schedule', 'node_order'],
]);

type Part = 'graph' | 'node' | 'config';

const TABLES: Readonly<Record<Part, ReadonlyMap<string, string>>> = {
  graph: GRAPH_SYNONYMS,
  node: NODE_SYNONYMS,
  config: CONFIG_SYNONYMS,
};

export interface KeyUse {
  /** The part that holds the key, with its article: 'a node'. */
  readonly of: string;
  readonly known: readonly string[];
  readonly synonyms?: Part;
  /** How the reader writes keys. */
  readonly spelling: 'camel' | 'snake';
}

/** The keys that are known as a reader writes them: all, in one text, and by their letters alone. */
interface Spelled {
  readonly known: readonly string[];
  readonly list: string;
  readonly byLetters: ReadonlyMap<string, string>;
}

// Kept, since a text may have a hundred thousand keys that nobody knows.
const SPELLED: Readonly<Record<KeyUse['spelling'], WeakMap<readonly string[], Spelled>>> = {
  camel: new WeakMap(),
  snake: new WeakMap(),
};

const spelled = ({ known, spelling }: KeyUse): Spelled => {
  const made = SPELLED[spelling].get(known);
  if (made !== undefined) return made;
  const written = spelling === 'snake' ? known.map(snakeCase) : known;
  const byLetters = new Map(
    written.map((key) => [key.replace(/_/g, '').toLowerCase(), key] as const),
  );
  const fresh = { known: written, list: written.join(', '), byLetters };
  SPELLED[spelling].set(known, fresh);
  return fresh;
};

/** The reason why a key is refused, with the key that was probably meant. */
export const unknownKey = (key: string, use: KeyUse): string => {
  const { known, list, byLetters } = spelled(use);
  const plain = key
    .slice(0, 64)
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();
  const synonym = use.synonyms === undefined ? undefined : TABLES[use.synonyms].get(plain);
  const respelled = byLetters.get(plain);
  const meant = use.spelling === 'camel' && synonym !== undefined ? camelCase(synonym) : synonym;
  const hint = respelled ?? meant ?? (key.length > 64 ? undefined : closest(key, known));
  const advice = hint === undefined ? `; ${use.of} has ${list}` : `; did you mean ${quote(hint)}?`;
  return `unknown key '${printable(key, 60)}' in ${use.of}${advice}`;
};
