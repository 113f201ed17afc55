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

export interface SuiteReport {
  readonly document: object;
  readonly text: string;
  /** A target was missed for which the command fails; timings never are one, they depend on the machine. */
  readonly missed?: boolean;
}
