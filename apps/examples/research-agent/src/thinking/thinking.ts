import type { Passage } from '../library/passage.ts';
import type { Chapter, Report } from './report.ts';

export interface Judgement {
  readonly accept: boolean;
  /** What is wrong; empty where nothing is. */
  readonly reason: string;
}

/**
 * What the agents leave to somebody who thinks. Here rules do it (`rule-thinking.ts`); this is the place for a language
 * model: four questions, each with a typed answer, and nothing else of the example changes.
 */
export interface Thinking {
  /** What to look for next, given what was found. */
  followUps(question: string, found: readonly Passage[]): Promise<readonly string[]>;
  /** The question in words that the library knows; undefined where there are none. */
  rephrase(question: string, unknown: readonly string[]): Promise<string | undefined>;
  /** @param feedback what the reviewer wants done otherwise */
  compose(chapters: readonly Chapter[], feedback: string | null): Promise<Report>;
  judge(report: Report, criteria: readonly string[]): Promise<Judgement>;
}
