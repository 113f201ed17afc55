import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { brokenPromises } from '../src/promises.ts';
import { testFiles } from '../src/test-files.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('every sentence of docs/promise.md is named by a test, and every test names a sentence', () => {
  const files = [...testFiles(root)].filter(
    ([path]) => !path.endsWith('docs-check/test/promise.test.ts'),
  );
  const page = readFileSync(join(root, 'docs/promise.md'), 'utf8');
  expect(files.length).toBeGreaterThan(80);
  expect(brokenPromises(page, new Map(files))).toEqual([]);
});

describe('a page of promises', () => {
  const page = (...items: readonly string[]): string =>
    [
      '# The promise',
      '',
      'Words before the first heading promise nothing.',
      '',
      '## A',
      '',
      ...items,
    ].join('\n');
  const first = '- **P1** A run ends,\n  sooner or later.';
  const second = '- **P2** Nothing is lost.';
  const judge = (text: string, ...sources: readonly string[]): readonly string[] =>
    brokenPromises(text, new Map(sources.map((source, i) => [`${i}.test.ts`, source])));

  it.each([
    "it('ends [P1]', () => {}); test(\n  `is kept ${n} times [P2]`, () => {});",
    "it.each([1])('%d ends and is kept [P1] [P2]', () => {});",
    'it.skipIf(cold)("it\'s kept [P2] [P1]", () => {});',
  ])('fits to tests such as %s', (source) => {
    expect(judge(page(first, second), source)).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    ['P2 is named by no test: Nothing is lost.', first, second, "it('a [P1]', f);"],
    [
      'P3 is named in 0.test.ts, and is not on the page',
      first,
      second,
      "it('a [P1] [P2] [P3]', f);",
    ],
    ['P1 is there twice', first, '- **P1** Nothing is lost.', "it('a [P1]', f);"],
    [
      'the page has a sentence without an id: - Nothing is lost.',
      first,
      '- Nothing is lost.',
      "it('a [P1]', f);",
    ],
    [
      'the page has a sentence without an id: Nothing is lost.',
      first,
      'Nothing is lost.',
      "it('a [P1]', f);",
    ],
    [
      'P2 is not one sentence: It is kept. Nothing is lost.',
      first,
      '- **P2** It is kept. Nothing is lost.',
      "it('a [P1] [P2]', f);",
    ],
  ])('is told that %s', (problem, one, two, source) => {
    expect(judge(page(one, two), source)).toEqual([problem]);
  });

  it.each(["it.skip('a [P1]', f);", "it('a [P1] b', f);", '// see [P1]'])(
    'is not kept by %s',
    (source) => {
      expect(judge(page(first), source)).toEqual([
        '0.test.ts names ids other than at the end of the title of a test that is run',
        'P1 is named by no test: A run ends, sooner or later.',
      ]);
    },
  );
});
