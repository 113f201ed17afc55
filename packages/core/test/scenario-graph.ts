import type { DagConfigInput, RetryStrategy } from '../src/config/model.ts';
import type { DependencySpec, JoinPolicy, NodeDefinition } from '../src/graph/model.ts';
import type { Scenario, ScenarioNode } from './scenario.ts';

interface Logic {
  readonly optional: readonly string[];
  readonly join: JoinPolicy;
}

/** Expressions over results, said with optional dependencies and joins. */
const LOGIC: { readonly [expression: string]: Logic } = {
  'P && (F.Succeeded || F.Failed)': { optional: ['F'], join: 'all' },
  'P || F': { optional: [], join: 'any' },
  'P && F': { optional: [], join: 'all' },
  'e2.Succeeded || no': { optional: [], join: 'any' },
};

/** One unit of a scenario is a second of simulated time. Each node has an action of its own, under its id. */
export const definitionsOf = ({ nodes }: Scenario): readonly NodeDefinition[] =>
  nodes.map((node): NodeDefinition => {
    const logic = node.dependsExpr === undefined ? undefined : LOGIC[node.dependsExpr];
    const optional = new Set(logic?.optional);
    for (const { id, continueOnFail } of nodes) if (continueOnFail === true) optional.add(id);
    return {
      id: node.id,
      action: node.id,
      tryCount: (node.retries ?? 0) + 1,
      dependencies: node.deps.map((id): DependencySpec =>
        optional.has(id) ? { id, optional: true } : id,
      ),
      ...(logic === undefined || logic.join === 'all' ? {} : { join: logic.join }),
      ...(node.timeoutUnits === undefined ? {} : { timeout: node.timeoutUnits }),
      ...(node.when === undefined ? {} : { when: String(node.when) }),
    };
  });

export const strategyOf = (node: ScenarioNode): RetryStrategy => {
  const delay = node.retryDelayUnits ?? 0;
  if (node.backoffFactor === undefined) return { type: 'linear', delay };
  return {
    type: 'exponential',
    initialDelay: delay,
    multiplier: node.backoffFactor,
    maxDelay: node.backoffCapUnits ?? 86_400,
  };
};

export const configOf = ({ settings, nodes }: Scenario): DagConfigInput => {
  const [longest] = nodes.flatMap(({ maxRetryDurationUnits }) => maxRetryDurationUnits ?? []);
  return {
    onFailure: settings.failFast === true ? 'stop' : 'continue',
    maxParallelNodes: settings.concurrency ?? 1_000,
    retryJitter: false,
    ...(settings.runTimeoutUnits === undefined ? {} : { timeoutSeconds: settings.runTimeoutUnits }),
    ...(longest === undefined ? {} : { maxRetryDuration: longest }),
  };
};
