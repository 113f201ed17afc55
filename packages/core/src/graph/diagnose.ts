import type { Diagnostic } from './diagnostic.ts';
import type { Problems } from './compile.ts';
import { checkGraph, Graph } from './graph.ts';
import { checkActions, type KnownActions } from './known-actions.ts';
import type { GraphDefinition, NodeDefinition } from './model.ts';

export interface ValidateOptions {
  /** With it, actions that are not registered are errors. */
  readonly registry?: KnownActions | undefined;
}

/** The nodes that can be asked for their actions at all. */
const named = (nodes: unknown): NodeDefinition[] =>
  (Array.isArray(nodes) ? nodes : []).map((node: NodeDefinition | null) => {
    const { id, action, failure } = node ?? {};
    return {
      id: typeof id === 'string' ? id : '',
      action: typeof action === 'string' ? action : '',
      ...(typeof failure === 'string' ? { failure } : {}),
    };
  });

/** Everything there is to say about a definition before it runs; it can run when no `error` is among it. */
export const validate = (
  definition: GraphDefinition | Graph,
  options: ValidateOptions = {},
): readonly Diagnostic[] => {
  const problems: Problems =
    definition instanceof Graph
      ? [...definition.warnings]
      : [...checkGraph(definition).diagnostics];
  if (options.registry !== undefined)
    checkActions(named(definition?.nodes), 0, problems, options.registry);
  return problems;
};
