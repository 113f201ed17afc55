import type { RunReport } from '../run/report.ts';
import type { NodeStatus, RunStatus } from '../run/status.ts';

/** The nodes of a run by what they are doing. */
export interface ExecutionState {
  readonly runId: string;
  readonly status: RunStatus;
  /** Under way: running, or between two attempts. */
  readonly active: readonly string[];
  /** Still to come: they wait for a dependency, a slot or a paused branch. */
  readonly pending: readonly string[];
  /** They wait for a person. */
  readonly waiting: readonly string[];
  /** Ended, however. */
  readonly settled: readonly string[];
}

const GROUPS: { readonly [S in NodeStatus]: 'active' | 'pending' | 'waiting' | 'settled' } = {
  pending: 'pending',
  ready: 'pending',
  running: 'active',
  retrying: 'active',
  waiting: 'waiting',
  succeeded: 'settled',
  failed: 'settled',
  skipped: 'settled',
  cancelled: 'settled',
};

export const executionState = ({ runId, status, nodes }: RunReport): ExecutionState => {
  const groups = { active: [], pending: [], waiting: [], settled: [] } as {
    readonly [G in 'active' | 'pending' | 'waiting' | 'settled']: string[];
  };
  for (const node of Object.values(nodes)) groups[GROUPS[node.status]].push(node.id);
  return { runId, status, ...groups };
};
