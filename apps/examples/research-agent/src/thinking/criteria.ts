import type { Library } from '../library/library.ts';
import type { Report } from './report.ts';

export const MOST_PER_COUNTRY = 2;

/** What a report must be, in words, and how the rules see whether it is; the answer is what is wrong. */
export const CRITERIA: Readonly<
  Record<string, (report: Report, library: Library) => string | undefined>
> = {
  'It begins with a summary.': ({ markdown }) =>
    markdown.includes('Summary:') ? undefined : 'there is no summary',
  [`It cites no country more than ${MOST_PER_COUNTRY} times.`]: ({ citations }) => {
    const counts = new Map<string, number>();
    for (const { country } of citations) counts.set(country, (counts.get(country) ?? 0) + 1);
    const often = [...counts].filter(([, count]) => count > MOST_PER_COUNTRY);
    return often.length === 0
      ? undefined
      : `it cites ${often.map(([country, count]) => `${country} ${count} times`).join(', ')}`;
  },
  'Every quotation stands in its source.': ({ citations }, library) => {
    const wrong = citations.filter(
      ({ passage, quote }) => !(library.get(passage)?.text.includes(quote) ?? false),
    );
    return wrong.length === 0 ? undefined : `${wrong[0]?.source ?? ''} does not say what is cited`;
  },
};
