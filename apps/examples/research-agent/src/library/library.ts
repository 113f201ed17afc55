import MiniSearch from 'minisearch';
import type { Passage } from './passage.ts';
import { termOf, termsOf } from './terms.ts';

export interface Hit {
  readonly passage: Passage;
  /** BM25. */
  readonly score: number;
  /** The terms of the query that stand in it. */
  readonly terms: readonly string[];
}

export interface Library {
  readonly size: number;
  get(id: string): Passage | undefined;
  /** The passages that fit best, the best first. */
  search(query: string, limit: number): readonly Hit[];
  /** In how many passages a term stands. */
  frequency(term: string): number;
  /** The known term with the longest beginning in common, if that is long enough to mean the same. */
  nearest(term: string): string | undefined;
}

const SAME_BEGINNING = 6;

/** An inverted index over passages. */
export const openLibrary = (passages: readonly Passage[]): Library => {
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  const frequencies = new Map<string, number>();
  for (const { text } of passages)
    for (const term of new Set(termsOf(text)))
      frequencies.set(term, (frequencies.get(term) ?? 0) + 1);
  const index = new MiniSearch<Passage>({
    fields: ['text'],
    tokenize: (text) => text.match(/[A-Za-z]+/g) ?? [],
    processTerm: (word) => termOf(word) ?? null,
  });
  index.addAll(passages);
  return {
    size: passages.length,
    get: (id) => byId.get(id),
    search: (query, limit) =>
      index
        .search(query)
        .map(({ id, score, terms }) => ({
          passage: byId.get(String(id)) as Passage,
          score: Math.round(score * 1_000) / 1_000,
          terms: terms.toSorted(),
        }))
        .toSorted((a, b) => b.score - a.score || (a.passage.id < b.passage.id ? -1 : 1))
        .slice(0, limit),
    frequency: (term) => frequencies.get(term) ?? 0,
    nearest: (term) => {
      const [best] = [...frequencies]
        .map(([known, count]) => ({ known, count, common: commonBeginning(known, term) }))
        .filter(({ common }) => common >= SAME_BEGINNING)
        .toSorted(
          (a, b) => b.common - a.common || b.count - a.count || (a.known < b.known ? -1 : 1),
        );
      return best?.known;
    },
  };
};

const commonBeginning = (a: string, b: string): number => {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
};
