import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../src/graph/diagnostic.ts';
import type { CheckedGraph } from '../src/graph/graph.ts';
import { loadYaml } from '../src/graph/yaml/load.ts';

const CASES = new URL('../../../../shared/cases/bad-yaml/', import.meta.url);
const present = existsSync(new URL('index.json', CASES));

interface Case {
  readonly file: string;
  readonly title: string;
  readonly expect: {
    readonly outcome: 'error' | 'accept' | 'error-or-accept';
    readonly errorMentions: readonly string[];
    readonly line: number | null;
  };
}

const cases: readonly Case[] = present
  ? (JSON.parse(readFileSync(new URL('index.json', CASES), 'utf8')) as { cases: Case[] }).cases
  : [];

// oxlint-disable-next-line no-control-regex -- that none is echoed is the point
const RAW_CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;

const messages = ({ diagnostics }: CheckedGraph): string =>
  diagnostics.map(formatDiagnostic).join('\n');

/** What holds for every text, good or bad. */
const expectNoHarm = (checked: CheckedGraph): void => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(messages(checked)).not.toMatch(RAW_CONTROL);
  const placed = checked.diagnostics.filter(
    ({ line, column, file }) =>
      typeof line === 'number' && typeof column === 'number' && typeof file === 'string',
  );
  expect(placed).toHaveLength(checked.diagnostics.length);
  expect(checked.graph === undefined).toBe(checked.diagnostics.some((d) => d.severity === 'error'));
};

/** What a loader that does as `expected` says would not have done. */
const faultsOf = (checked: CheckedGraph, expected: Case['expect']): string[] => {
  const { outcome, errorMentions, line } = expected;
  const faults: string[] = [];
  const actual = checked.graph === undefined ? 'error' : 'accept';
  if (outcome !== 'error-or-accept' && outcome !== actual) faults.push(`${actual}, not ${outcome}`);
  if (actual === 'accept') return faults;
  const said = messages(checked).toLowerCase();
  const words = errorMentions.flatMap((entry) => entry.toLowerCase().split('|'));
  if (words.length > 0 && !words.some((word) => said.includes(word)))
    faults.push(`none of ${words.join(', ')} in: ${said}`);
  if (line !== null && !checked.diagnostics.some((d) => d.line === line))
    faults.push(`nothing on line ${line}: ${said}`);
  return faults;
};

describe.skipIf(!present)(
  `wrong and hostile files of others${present ? '' : ' (skipped: ../shared/cases/bad-yaml is absent)'}`,
  () => {
    it.each(cases.map((c) => [c.title, c] as const))('%s', (_, { file, expect: expected }) => {
      const checked = loadYaml(readFileSync(new URL(file, CASES)), { file });
      expectNoHarm(checked);
      expect(faultsOf(checked, expected)).toEqual([]);
    });
  },
);

const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');
const NODES = 'name: demo\nnodes:\n';
const GOOD = `${NODES}  - {id: a, action: x}\n`;
/** For between braces; without values, which would take the parser twice as long. */
const keys = many(50_000, (i) => `k${i},`);

type Row = readonly [
  what: string,
  text: () => string | Uint8Array,
  says: RegExp | 'accepted',
  line?: number,
];

const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))),
  );

const OURS: readonly Row[] = [
  [
    'an id of a megabyte',
    () => `${NODES}  - id: ${'x'.repeat(1 << 20)}\n    action: x\n`,
    /id has 1048576 characters, more than 256/,
    3,
  ],
  [
    'a quoted id of a megabyte',
    () => `${NODES}  - id: "${'x'.repeat(1 << 20)}"\n    action: x\n`,
    /id has 1048576 characters/,
    3,
  ],
  ['a key of a megabyte', () => `${GOOD}${'k'.repeat(1 << 20)}: 1\n`, /1024/, 4],
  [
    'fifty thousand unknown keys',
    () => `${GOOD}${many(50_000, (i) => `k${i}: 1\n`)}`,
    /unknown key 'k0'/,
    4,
  ],
  [
    'fifty thousand unknown keys of a node',
    () => `${NODES}  - {id: a, action: x,${keys}}\n`,
    /unknown key 'k0'/,
    3,
  ],
  [
    'fifty thousand settings that are not',
    () => `config: {${keys}}\n${GOOD}`,
    /unknown key 'k0' in config/,
    1,
  ],
  [
    'fifty thousand keys of a literal',
    () => `${NODES}  - {id: a, action: x, inputs: [{name: n, value: {${keys}}}]}\n`,
    'accepted',
  ],
  [
    'one key fifty thousand times',
    () => `${GOOD}x: {${'k,'.repeat(50_000)}}\n`,
    /duplicate key 'k'/,
    4,
  ],
  [
    'three thousand nodes that name unknown others',
    () => `${NODES}${many(3_000, (i) => `  - {id: n${i}, action: x, dependencies: [m${i}]}\n`)}`,
    /unknown dependency 'm0'/,
    3,
  ],
  [
    'a cycle of ten thousand',
    () =>
      `${NODES}${many(10_000, (i) => `  - {id: n${i}, action: x, dependencies: [n${(i + 1) % 10_000}]}\n`)}`,
    /a cycle: 'n0'/,
  ],
  [
    'ten thousand nested flow maps',
    () => `${NODES}  - id: ${'{a: '.repeat(10_000)}1${'}'.repeat(10_000)}\n`,
    /nested deeper/,
    3,
  ],
  [
    'ten thousand flow lists never closed',
    () => `${NODES}  - id: ${'['.repeat(10_000)}\n`,
    /nested deeper/,
    3,
  ],
  ['nesting by indentation', () => many(2_000, (i) => `${' '.repeat(i)}a:\n`), /nested deeper/],
  ['a hundred thousand question marks', () => '? '.repeat(100_000), /nested deeper/, 1],
  ['a hundred thousand colons', () => ': '.repeat(100_000), /nested deeper/, 1],
  [
    'a billion laughs',
    () =>
      `a0: &a0 [x]\n${many(9, (i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]\n`)}${NODES}  - {id: a, action: x, dependencies: *a9}\n`,
    /alias \*a9 expands to .* \(in 'dependencies'\)/,
    13,
  ],
  [
    'a chain of ten thousand aliases',
    () => `a0: &a0 [x]\n${many(10_000, (i) => `a${i + 1}: &a${i + 1} [*a${i}]\n`)}${GOOD}`,
    /alias/,
  ],
  [
    'a chain of ten thousand merges',
    () =>
      `a0: &a0 {k: 1}\n${many(10_000, (i) => `a${i + 1}: &a${i + 1} {<<: *a${i}}\n`)}${NODES}  - {<<: *a10000, id: a}\n`,
    /alias/,
  ],
  [
    'an anchor that contains itself deep inside',
    () => `${NODES}  - &n {id: a, action: x, inputs: [{name: i, value: {b: [*n]}}]}\n`,
    /alias \*n makes a cycle/,
    3,
  ],
  [
    'a merge of merges',
    () =>
      `${NODES}  - &a {id: a, action: x, timeout: 1}\n  - &b {<<: *a, id: b, try_count: 2}\n  - {<<: [*b, *a], id: c}\n`,
    'accepted',
  ],
  [
    'a merge with a list of numbers',
    () => `${NODES}  - {<<: [1, 2], id: a, action: x}\n`,
    /merge key '<<'/,
    3,
  ],
  ['a quoted merge key', () => `${NODES}  - {"<<": {}, id: a, action: x}\n`, /unknown key '<<'/, 3],
  [
    'a prototype by way of a merge',
    () => `${NODES}  - {<<: {"__proto__": {polluted: 1}}, id: a, action: x}\n`,
    /__proto__/,
    3,
  ],
  [
    'a prototype in a literal',
    () =>
      `${NODES}  - {id: a, action: x, inputs: [{name: n, value: {__proto__: {polluted: 1}}}]}\n`,
    /__proto__/,
    3,
  ],
  ['a prototype as a setting', () => `config: {__proto__: {polluted: 1}}\n${GOOD}`, /__proto__/, 1],
  [
    'names of object members in a literal',
    () =>
      `${NODES}  - {id: a, action: x, inputs: [{name: constructor, value: {constructor: 1, toString: 2}}]}\n`,
    'accepted',
  ],
  ['a list as a key', () => `${GOOD}[a, b]: 1\n`, /a key must be text, not a list/, 4],
  ['null as a key', () => `${GOOD}~: 1\n`, /a key must be text, not null/, 4],
  [
    'a tag on the line before its value',
    () => `${NODES}  - id: a\n    action: x\n    dependencies: !!set\n      ? b\n`,
    /tag '!!set'.*dependencies/,
    5,
  ],
  [
    'a tag that its value does not fit',
    () => `${NODES}  - {id: a, action: x, timeout: !!int ten}\n`,
    /tag '!!int'/,
    3,
  ],
  ['a string by its tag', () => `${NODES}  - {id: !!str 007, action: x}\n`, 'accepted'],
  [
    'a directive that turns yes into true',
    () => `%YAML 1.1\n---\n${NODES}  - {id: yes, action: x, inputs: [{name: n, value: 1:30}]}\n`,
    'accepted',
  ],
  ['an unknown version of YAML', () => `%YAML 3.0\n---\n${GOOD}`, 'accepted'],
  ['a second document at the end', () => `${GOOD}---\n`, /second document/, 4],
  ['text behind the end of the document', () => `${GOOD}...\nmore: 1\n`, /second document/, 5],
  ['nothing', () => '', /empty/, 1],
  ['only comments', () => '# nothing\n# here\n', /empty/],
  ['a list', () => '- a\n- b\n', /must be a map with a name and nodes, not a list/, 1],
  ['no list of nodes', () => 'name: x\n', /nodes is missing/, 1],
  ['nodes as a map', () => 'nodes:\n  a: {action: x}\n', /nodes must be a list, not a map/, 1],
  ['nodes of nothing', () => 'nodes:\n', /nodes must be a list, not null/, 1],
  ['a node without an id', () => `${NODES}  - action: x\n`, /id is missing/, 3],
  ['a node without an action', () => `${NODES}  - id: a\n`, /action is missing/, 3],
  [
    'an action that is true',
    () => `${NODES}  - id: a\n    action: true\n`,
    /action must be a string, not true/,
    4,
  ],
  [
    'a node of nothing',
    () => `${NODES}  -\n  - {id: a, action: x}\n`,
    /every item of nodes must be a map/,
    3,
  ],
  [
    'a dependency of null',
    () => `${NODES}  - id: a\n    action: x\n    dependencies: [~]\n`,
    /every item of dependencies/,
    5,
  ],
  [
    'a dependency of true',
    () => `${NODES}  - id: a\n    action: x\n    dependencies: [true]\n`,
    /every item of dependencies/,
    5,
  ],
  [
    'no attempts',
    () => `${NODES}  - id: a\n    action: x\n    try_count: 0\n`,
    /try_count must be an integer from 1 to 1,000 .*not 0/,
    5,
  ],
  [
    'half an attempt',
    () => `${NODES}  - id: a\n    action: x\n    try_count: 1.5\n`,
    /try_count .*not 1.5/,
    5,
  ],
  [
    'a timeout in words',
    () => `${NODES}  - id: a\n    action: x\n    timeout: 5m\n`,
    /timeout must be a number of seconds .*not '5m'/,
    5,
  ],
  [
    'a timeout that is no number',
    () => `${NODES}  - id: a\n    action: x\n    timeout: .nan\n`,
    /timeout .*not NaN/,
    5,
  ],
  [
    'an infinite literal',
    () => `${NODES}  - id: a\n    action: x\n    inputs: [{name: n, value: [.inf]}]\n`,
    /value must be a JSON value/,
    5,
  ],
  [
    'an integer that JSON cannot keep',
    () =>
      `${NODES}  - id: a\n    action: x\n    inputs: [{name: n, value: 12345678901234567890}]\n`,
    /too large to be kept exactly/,
    5,
  ],
  [
    'a key in two spellings',
    () => `${NODES}  - {id: a, action: x, try_count: 1, tryCount: 2}\n`,
    /duplicate key 'tryCount'/,
    3,
  ],
  [
    'a setting in two spellings',
    () => `config: {max_attempts: 1, maxAttempts: 2}\n${GOOD}`,
    /given twice/,
    1,
  ],
  ['Latin-1', () => bytes(NODES, '  - id: caf', 0xe9, '\n    action: x\n'), /UTF-8.*0xE9/, 3],
  ['UTF-16', () => bytes(0xff, 0xfe, 'n', 0, 'a', 0), /UTF-8.*UTF-16/, 1],
  ['a surrogate by itself', () => `${NODES}  - id: "\ud800"\n    action: x\n`, /surrogate/, 3],
  ['an escape sequence', () => `${NODES}  - id: "\u001b[31mred"\n    action: x\n`, /U\+001B/, 3],
  ['a NUL', () => `${GOOD}\u0000`, /U\+0000/, 4],
  [
    'an id that turns the text around',
    () => `${NODES}  - id: "\\u202Egnp"\n    action: x\n`,
    /U\+202E/,
    3,
  ],
  ['line ends of old Macs', () => GOOD.replaceAll('\n', '\r'), 'accepted'],
  ['a byte order mark at the start', () => bytes(0xef, 0xbb, 0xbf, GOOD), 'accepted'],
  [
    'a text that is too long',
    () => 'x'.repeat((8 << 20) + 1),
    /8,388,609 .*more than 8,388,608/,
    1,
  ],
  ['a million empty lines', () => '\n'.repeat(1_000_000) + GOOD, /more than 500,000 lines/, 1],
  [
    'a million values',
    () => `${GOOD}x: [${'"",'.repeat(1_000_000)}]\n`,
    /more than 300,000 keys and values/,
    4,
  ],
  [
    'a quote that is never closed',
    () => `${NODES}  - id: a\n    action: "x\n  - id: b\n    action: y\n`,
    /quote/,
    4,
  ],
  ['garbage', () => '%@`}{]['.repeat(50_000), /./, 1],
  ['a hundred thousand backslashes', () => `a: "${'\\'.repeat(100_001)}`, /quote/, 1],
  [
    'a condition nested without end',
    () => `${NODES}  - {id: a, action: x, when: "${'('.repeat(4_000)}true${')'.repeat(4_000)}"}\n`,
    /condition/,
    3,
  ],
  [
    'a condition that may take forever',
    () => `${NODES}  - {id: a, action: x, when: "inputs.s.matches('(a+)+$')"}\n`,
    /matches is not available/,
    3,
  ],
];

const refused = OURS.filter(([, , says]) => says !== 'accepted') as readonly (readonly [
  string,
  Row[1],
  RegExp,
  number?,
])[];
const accepted = OURS.filter(([, , says]) => says === 'accepted');

describe('wrong and hostile texts of ours', () => {
  it.each(refused.map((row) => [row[0], row] as const))('%s', (_, [, text, says, line]) => {
    const checked = loadYaml(text(), { file: 'graph.yaml' });
    expectNoHarm(checked);
    const fitting = checked.diagnostics.filter(
      (d) => d.severity === 'error' && says.test(d.message),
    );
    expect(fitting.map((d) => d.line)).toContain(line ?? fitting[0]?.line ?? 'a line');
    expect(messages(checked).length).toBeLessThan(1_000_000);
  });
});

describe('odd texts of ours that are right', () => {
  it.each(accepted.map((row) => [row[0], row] as const))('%s', (_, [, text]) => {
    const checked = loadYaml(text(), { file: 'graph.yaml' });
    expectNoHarm(checked);
    expect(checked.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  });
});
