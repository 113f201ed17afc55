import type { SuiteDocument } from '../suite.ts';
import type { Measure, Shape, TaskContender } from './contender.ts';

/** Everything that `bench tasks` found; the tables are drawn from it and `--json` prints it. */
export interface TasksReport extends SuiteDocument {
  readonly suite: 'tasks';
  readonly rows: readonly TasksRow[];
}

export interface TasksRow extends Pick<TaskContender, 'name' | 'role' | 'group'> {
  readonly speeds: Readonly<Record<Shape, Speed | Skipped>>;
  readonly latency: Latency | Skipped;
  readonly latencyAcross: Latency | Skipped;
  readonly recovery: Recovery | Skipped;
}

export interface Speed {
  readonly tasks: number;
  readonly tasksPerSecond: number;
  readonly rounds: number;
}

/** Milliseconds. */
export interface Latency {
  readonly tasks: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Recovery {
  readonly milliseconds: number;
  readonly rounds: number;
}

export interface Skipped {
  readonly skipped: string;
}

export function isSkipped(result: object): result is Skipped {
  return 'skipped' in result;
}

/** Why a contender has no number. */
export function skippedBy(contender: TaskContender, measure: Measure): Skipped {
  const { name, lacks } = contender;
  const reason = lacks?.[measure] ?? (measure === 'latencyAcross' ? lacks?.latency : undefined);
  return { skipped: reason ?? `${name}: not measured` };
}
