import { DaggerError, type DagExecutor, type RunReport, type Storage } from '@dagger/core';

/** What became of a node, without times. */
export interface NodeState {
  readonly status: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly outputs: unknown;
  readonly error: string | null;
  readonly handler: string | null;
  readonly cached: boolean;
  /** Whether its action notes its attempts; those that dagger brings itself do not. */
  readonly tracked: boolean;
}

/** What became of a run, without times. */
export interface RunStateData {
  readonly status: string;
  readonly error: string | null;
  readonly rejected: readonly string[];
  readonly paused: readonly string[];
  readonly nodes: { readonly [id: string]: NodeState };
  /** How often each kind of command is in the journal. */
  readonly commands: { readonly [type: string]: number };
}

/** The events that commands become. */
const COMMANDS: ReadonlySet<string> = new Set([
  'NodesAdded',
  'InputsSet',
  'BranchPaused',
  'BranchResumed',
  'BranchCancelled',
  'NodesEnabled',
  'NodesDisabled',
  'CustomEvent',
  'InputGiven',
  'CacheUpdated',
  'RunPausing',
]);

const commandsOf = async (storage: Storage, runId: string): Promise<Record<string, number>> => {
  const rows = await storage.db
    .selectFrom('dagger_journal')
    .select('body')
    .where('run_id', '=', runId)
    .execute();
  const counts: Record<string, number> = {};
  for (const { body } of rows) {
    for (const item of JSON.parse(body) as readonly unknown[]) {
      const type = (item as { readonly type?: unknown } | null)?.type;
      if (typeof type === 'string' && COMMANDS.has(type)) counts[type] = (counts[type] ?? 0) + 1;
    }
  }
  return counts;
};

const nodesOf = (report: RunReport, tracked: ReadonlySet<string>): RunStateData['nodes'] =>
  Object.fromEntries(
    Object.values(report.nodes).map((node) => [
      node.id,
      {
        status: node.status,
        reason: node.reason,
        attempts: node.attempts,
        outputs: node.outputs,
        error: node.error === null ? null : `${node.error.code} ${node.error.message}`,
        handler: node.handler?.status ?? null,
        cached: node.cached,
        tracked: tracked.has(node.action),
      },
    ]),
  );

/**
 * What the storage holds of a run; undefined when it knows no such run.
 * @param tracked the actions that note their attempts
 */
export const stateOf = async (
  executor: DagExecutor,
  storage: Storage,
  runId: string,
  tracked: ReadonlySet<string>,
): Promise<RunStateData | undefined> => {
  try {
    const report = await executor.report(runId);
    return {
      status: report.status,
      error: report.error?.code ?? null,
      rejected: report.rejectedCommands.map(({ by, error }) => `${by} ${error.code}`),
      paused: report.pausedBranches.map(({ nodeId }) => nodeId),
      nodes: nodesOf(report, tracked),
      commands: await commandsOf(storage, runId),
    };
  } catch (error) {
    if (error instanceof DaggerError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
};
