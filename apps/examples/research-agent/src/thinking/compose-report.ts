import type { Library } from '../library/library.ts';
import { sourceOf, type Passage } from '../library/passage.ts';
import { termsOf } from '../library/terms.ts';
import type { Chapter, Citation, Finding, Report } from './report.ts';

const CITATIONS = 6;

export interface Manner {
  readonly withSummary: boolean;
  /** Citations of one country in the whole report. */
  readonly mostPerCountry: number;
}

/** A report that says nothing by itself: a chapter for each question, a quotation with its source for each finding. */
export const composeReport = (
  library: Library,
  chapters: readonly Chapter[],
  { withSummary, mostPerCountry }: Manner,
): Report => {
  const cited = new Map<string, number>();
  const used = new Set<string>();
  const lines: string[] = [];
  const citations: Citation[] = [];
  for (const { question, findings } of chapters) {
    lines.push('', `## ${question}`, '');
    let left = CITATIONS;
    for (const found of findings) {
      const passage = library.get(found.passage);
      if (left === 0 || passage === undefined || used.has(passage.id)) continue;
      const times = cited.get(passage.country) ?? 0;
      if (times >= mostPerCountry) continue;
      left--;
      used.add(passage.id);
      cited.set(passage.country, times + 1);
      const citation = cite(passage, found);
      citations.push(citation);
      lines.push(`- **${passage.country}**: “${citation.quote}” [${citations.length}]`);
    }
    if (left === CITATIONS) lines.push('Nothing was found.');
  }
  const summary = withSummary ? ['', summaryOf(citations)] : [];
  const sources = citations.map(({ source }, i) => `${i + 1}. ${source}`);
  return {
    markdown: ['# Report', ...summary, ...lines, '', '## Sources', '', ...sources].join('\n'),
    citations,
  };
};

/** The sentence that holds most of what was looked for. */
const cite = (passage: Passage, { terms }: Finding): Citation => {
  const held = (sentence: string): string[] => {
    const known = new Set(termsOf(sentence));
    return terms.filter((term) => known.has(term));
  };
  const [quote = passage.text] = passage.text
    .split(/(?<=[.;])\s+/)
    .toSorted((a, b) => held(b).length - held(a).length);
  const { id, country } = passage;
  return { passage: id, country, source: sourceOf(passage), quote, terms: held(quote) };
};

const summaryOf = (citations: readonly Citation[]): string => {
  const countries = new Set(citations.map(({ country }) => country));
  const counts = new Map<string, number>();
  for (const { terms } of citations)
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  const often = [...counts]
    .toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, 4)
    .map(([term]) => term);
  return `Summary: ${citations.length} passages about ${countries.size} countries; what they share are ${often.join(', ')}.`;
};
