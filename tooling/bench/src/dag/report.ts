import type { ContenderName } from '../contender.ts';
import type { SuiteDocument } from '../suite.ts';

/** Everything that `bench dag` found; the tables are drawn from it and `--json` prints it. */
export interface DagReport extends SuiteDocument {
  readonly suite: 'dag';
  readonly inMemory: readonly Row[];
  readonly growth: readonly Row[];
  readonly memory: readonly MemoryCell[];
  readonly durable: readonly DurableRow[];
}

export interface Row {
  readonly shape: string;
  readonly nodes: number;
  readonly cells: Readonly<Record<ContenderName, Cell>>;
}

export type Cell = Skipped | { readonly microsecondsPerNode: number; readonly rounds: number };

export interface Skipped {
  readonly skipped: string;
}

export interface MemoryCell {
  readonly contender: ContenderName;
  readonly nodes: number;
  readonly result:
    Skipped | { readonly keptBytesPerNode: number; readonly peakBytesPerNode: number };
}

export type DurableEngineName =
  'dagger' | 'raw loop' | 'openworkflow, normal' | 'openworkflow, full';

export interface DurableRow {
  readonly shape: string;
  readonly nodes: number;
  readonly speeds: Readonly<Record<DurableEngineName, Skipped | Speed>>;
  /** By dagger: the commits from SQLite's log, the rows and the bytes from the database. */
  readonly written:
    | Skipped
    | { readonly commits: number; readonly rows: number; readonly databaseBytesPerNode: number };
}

export interface Speed {
  readonly stepsPerSecond: number;
  readonly rounds: number;
}

export function isSkipped(result: object): result is Skipped {
  return 'skipped' in result;
}
