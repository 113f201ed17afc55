/** A suite measures, and gives the same numbers as one document and as text. */
export interface Suite {
  readonly summary: string;
  readonly run: (options: SuiteOptions) => Promise<SuiteReport>;
}

export interface SuiteOptions {
  /** Fewer rounds, no largest size: to see that it works. */
  readonly quick: boolean;
  /** One line about what is being measured now; goes to stderr. */
  readonly progress: (line: string) => void;
}

export interface SuiteReport {
  readonly document: object;
  readonly text: string;
}
