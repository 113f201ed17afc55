import type { Library } from '../library/library.ts';
import { termOf } from '../library/terms.ts';
import { composeReport } from './compose-report.ts';
import { CRITERIA, MOST_PER_COUNTRY } from './criteria.ts';
import { followUpQuestions } from './follow-ups.ts';
import type { Thinking } from './thinking.ts';

/** Thinks by plain rules: the same question always gets the same answer, and no network is needed. */
export const ruleThinking = (library: Library): Thinking => ({
  followUps: async (question, found) => followUpQuestions(library, question, found),
  rephrase: async (question, unknown) => {
    let isBetter = false;
    const better = question.replaceAll(/[A-Za-z]+/g, (word) => {
      const term = termOf(word);
      const known =
        term === undefined || !unknown.includes(term) ? undefined : library.nearest(term);
      isBetter ||= known !== undefined;
      return known ?? word;
    });
    return isBetter ? better : undefined;
  },
  // The first draft follows the findings; only a reviewer makes it do otherwise.
  compose: async (chapters, feedback) =>
    composeReport(library, chapters, {
      withSummary: feedback?.includes('summary') ?? false,
      mostPerCountry: feedback?.includes('times') ? MOST_PER_COUNTRY : Number.POSITIVE_INFINITY,
    }),
  judge: async (report, criteria) => {
    const wrong = criteria.flatMap((criterion) => CRITERIA[criterion]?.(report, library) ?? []);
    return { accept: wrong.length === 0, reason: wrong.join('; ') };
  },
});
