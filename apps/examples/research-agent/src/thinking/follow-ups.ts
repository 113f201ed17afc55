import type { Library } from '../library/library.ts';
import type { Passage } from '../library/passage.ts';
import { termsOf } from '../library/terms.ts';

const QUESTIONS = 3;
/** A term in fewer of the passages found came there by chance. */
const LEAST = 3;

/**
 * The terms that stand in the passages found much more often than elsewhere, each asked for together with the rarest term of the
 * question.
 */
export const followUpQuestions = (
  library: Library,
  question: string,
  found: readonly Passage[],
): readonly string[] => {
  const asked = new Set(termsOf(question));
  const countries = new Set(found.flatMap(({ country }) => termsOf(country)));
  const counts = new Map<string, number>();
  for (const { text } of found)
    for (const term of new Set(termsOf(text)))
      if (!asked.has(term) && !countries.has(term)) counts.set(term, (counts.get(term) ?? 0) + 1);
  const rarest = [...asked].toSorted(
    (a, b) => library.frequency(a) - library.frequency(b) || (a < b ? -1 : 1),
  )[0];
  return [...counts]
    .filter(([, count]) => count >= LEAST)
    .map(([term, count]) => ({ term, lift: (count * count) / library.frequency(term) }))
    .toSorted((a, b) => b.lift - a.lift || (a.term < b.term ? -1 : 1))
    .slice(0, QUESTIONS)
    .map(({ term }) => `${term} ${rarest ?? ''}`.trim());
};
