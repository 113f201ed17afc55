import { z } from 'zod';

/** A passage that a gatherer found. */
export const finding = z.object({
  passage: z.string(),
  query: z.string(),
  score: z.number(),
  terms: z.array(z.string()),
});
export type Finding = z.infer<typeof finding>;

export const citation = z.object({
  passage: z.string(),
  country: z.string(),
  source: z.string(),
  /** Word for word from the passage. */
  quote: z.string(),
  /** What was looked for and stands in the quote. */
  terms: z.array(z.string()),
});
export type Citation = z.infer<typeof citation>;

export const report = z.object({ markdown: z.string(), citations: z.array(citation) });
export type Report = z.infer<typeof report>;

export interface Chapter {
  readonly question: string;
  readonly findings: readonly Finding[];
}
