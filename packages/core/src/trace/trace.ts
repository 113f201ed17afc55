import type { ErrorData } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { InputField, NodeDefinition } from '../graph/model.ts';
import type { JsonObject } from '../json.ts';
import type { NodeReport, RunReportData } from '../run/report.ts';
import type { NodeStatus, RunStatus } from '../run/status.ts';

/** A node of a picture: how it is defined and, of a run, what became of it. */
export interface TraceNode {
  readonly id: string;
  readonly action: string;
  readonly description: string | null;
  readonly inputs: readonly InputField[];
  readonly when: string | null;
  /** Null without a run, as is everything below. */
  readonly status: NodeStatus | null;
  /** Why it was skipped or cancelled. */
  readonly reason: string | null;
  readonly attempts: number | null;
  readonly outputs: JsonObject | null;
  readonly error: Pick<ErrorData, 'code' | 'message'> | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly cached: boolean;
}

export interface TraceEdge {
  /** The dependency. */
  readonly from: string;
  readonly to: string;
  readonly optional: boolean;
}

/** A graph and a run over it as one JSON document. */
export interface TraceJson {
  readonly name: string;
  readonly runId: string | null;
  readonly status: RunStatus | null;
  readonly durationMs: number | null;
  readonly error: Pick<ErrorData, 'code' | 'message'> | null;
  /** In the order of definition. */
  readonly nodes: readonly TraceNode[];
  readonly edges: readonly TraceEdge[];
}

const brief = (error: ErrorData | null | undefined): TraceNode['error'] =>
  error ? { code: error.code, message: error.message } : null;

const traceNode = (
  definition: Pick<NodeDefinition, 'id' | 'action' | 'description' | 'inputs' | 'when'>,
  report: NodeReport | undefined,
): TraceNode => ({
  id: definition.id,
  action: definition.action,
  description: definition.description ?? null,
  inputs: definition.inputs ?? [],
  when: definition.when ?? null,
  status: report?.status ?? null,
  reason: report?.reason ?? null,
  attempts: report?.attempts ?? null,
  outputs: report?.outputs ?? null,
  error: brief(report?.error),
  startedAt: report?.startedAt ?? null,
  finishedAt: report?.finishedAt ?? null,
  durationMs: report?.durationMs ?? null,
  cached: report?.cached ?? false,
});

/** Each dependency once, however often it is written; required if it is required anywhere. */
const edgesTo = ({ id, dependencies = [] }: NodeDefinition): TraceEdge[] => {
  const edges = new Map<string, TraceEdge>();
  for (const dependency of dependencies) {
    const from = typeof dependency === 'string' ? dependency : dependency.id;
    const optional = typeof dependency !== 'string' && dependency.optional === true;
    edges.set(from, { from, to: id, optional: optional && (edges.get(from)?.optional ?? true) });
  }
  return [...edges.values()];
};

/**
 * A graph and, with a report, the run over it. Nodes that only the report knows, because the run grew beyond the graph
 * that was given, come last and without edges.
 */
export const toTraceJson = (graph: Graph, report?: RunReportData): TraceJson => {
  const reports = report?.nodes ?? {};
  const known = new Set(graph.nodes.map(({ id }) => id));
  const grown = Object.values(reports).filter(({ id }) => !known.has(id));
  return {
    name: graph.name,
    runId: report?.runId ?? null,
    status: report?.status ?? null,
    durationMs: report?.durationMs ?? null,
    error: brief(report?.error),
    nodes: [
      ...graph.nodes.map((node) =>
        traceNode(node, Object.hasOwn(reports, node.id) ? reports[node.id] : undefined),
      ),
      ...grown.map((node) => traceNode({ id: node.id, action: node.action }, node)),
    ],
    edges: graph.nodes.flatMap(edgesTo),
  };
};
