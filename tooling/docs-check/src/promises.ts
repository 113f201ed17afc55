/** A page of promises and the tests that name them must fit together. */

interface Promised {
  readonly id: string;
  readonly sentence: string;
}

const ITEM = /^- \*\*(P\d+)\*\* (.+)$/;

/** What stands under the headings of a page: items, and what is none. */
const itemsOf = (page: string): { readonly promised: Promised[]; readonly strange: string[] } => {
  const promised: Promised[] = [];
  const strange: string[] = [];
  const body = page.slice(page.indexOf('\n## '));
  // A line that is indented goes on with the item before it.
  for (const line of body.replaceAll(/\n +/g, ' ').split('\n')) {
    if (line === '' || line.startsWith('## ')) continue;
    const [, id, sentence] = ITEM.exec(line) ?? [];
    if (id === undefined || sentence === undefined) strange.push(line);
    else promised.push({ id, sentence });
  }
  return { promised, strange };
};

const isOneSentence = (text: string): boolean =>
  /^[^.].*\.$/.test(text) && !/\.\s+[A-Z`]/.test(text);

const ID_AT_THE_END = /(?: \[P\d+\])+$/;
/** The first argument of `it` or `test`, or of what `each` and its kind give. */
const TITLE =
  /(?:\b(?:it|test)|\))\(\s*(?:'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`|"((?:[^"\\\n]|\\.)*)")/g;
const ANY_ID = /\[(P\d+)\]/g;

const idsIn = (text: string): string[] => [...text.matchAll(ANY_ID)].map(([, id]) => id as string);

/** The ids that titles of tests end with. */
const titleIds = (source: string): string[] =>
  [...source.matchAll(TITLE)].flatMap(([, single, template, double]) =>
    idsIn(ID_AT_THE_END.exec(single ?? template ?? double ?? '')?.[0] ?? ''),
  );

/**
 * What is wrong with a page of promises: every item is one sentence with an id of its own, every id is at the end of the
 * title of a test that is run, and every id in a test is on the page.
 * @param tests the files with tests, by their paths
 */
export const brokenPromises = (
  page: string,
  tests: ReadonlyMap<string, string>,
): readonly string[] => {
  const { promised, strange } = itemsOf(page);
  const problems = strange.map((line) => `the page has a sentence without an id: ${line}`);
  const known = new Set<string>();
  for (const { id, sentence } of promised) {
    if (known.has(id)) problems.push(`${id} is there twice`);
    known.add(id);
    if (!isOneSentence(sentence)) problems.push(`${id} is not one sentence: ${sentence}`);
  }
  const named = new Set<string>();
  for (const [path, source] of tests) {
    const inTitles = titleIds(source);
    for (const id of inTitles) {
      named.add(id);
      if (!known.has(id)) problems.push(`${id} is named in ${path}, and is not on the page`);
    }
    const elsewhere = idsIn(source).length - inTitles.length;
    if (elsewhere > 0)
      problems.push(`${path} names ids other than at the end of the title of a test that is run`);
  }
  for (const { id, sentence } of promised)
    if (!named.has(id)) problems.push(`${id} is named by no test: ${sentence}`);
  return problems;
};
