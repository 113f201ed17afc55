import type { Machine } from './machine.ts';
import type { Verdict } from './targets.ts';

/** A suite measures, and gives the same numbers as one document and as text. */
export interface Suite {
  readonly summary: string;
  readonly run: (options: SuiteOptions) => Promise<SuiteReport>;
}

export interface SuiteOptions {
  /** Fewer rounds, no largest size: to see that it works. */
  readonly quick: boolean;
  /** The folder of graphs that others collected; it may be absent. */
  readonly cases: string;
  /** One line about what is being measured now; goes to stderr. */
  readonly progress: (line: string) => void;
}

/** What `--json` prints: this of every suite, and what the suite measured under keys of its own. */
export interface SuiteDocument {
  readonly suite: string;
  readonly quick: boolean;
  readonly machine: Machine;
  /** Every target beside what was measured, in the order of the text. */
  readonly verdicts: readonly Verdict[];
  /** What was not measured at all, each with the reason. */
  readonly skipped: readonly string[];
}

export interface SuiteReport {
  readonly document: SuiteDocument;
  readonly text: string;
  /** A target was missed for which the command fails. */
  readonly missed?: boolean;
}
