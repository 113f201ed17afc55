import { problem, suggestion, type Problems } from './compile.ts';
import { quote } from './diagnostic.ts';
import type { NodeDefinition } from './model.ts';

/** What a check needs to know of an action registry. */
export interface KnownActions {
  contains(name: string): boolean;
  /** For suggestions. */
  list?(): Iterable<string | { readonly name: string }>;
}

/** Reports the actions and failure handlers of nodes, from the one numbered `first` on, that are not registered. */
export const checkActions = (
  nodes: readonly NodeDefinition[],
  first: number,
  problems: Problems,
  registry: KnownActions,
): void => {
  const known = new Map<string, boolean>();
  const isKnown = (action: string): boolean => {
    let answer = known.get(action);
    if (answer === undefined) known.set(action, (answer = registry.contains(action)));
    return answer;
  };
  let names: string[] | undefined;
  const report = (action: string, i: number, key: 'action' | 'failure', id: string): void => {
    names ??= [...(registry.list?.() ?? [])].map((entry) =>
      typeof entry === 'string' ? entry : entry.name,
    );
    const what = key === 'action' ? 'action' : 'failure action';
    problem(
      problems,
      'action-unknown',
      `the ${what} ${quote(action)} is not registered${suggestion(problems, action, names)}`,
      ['nodes', i - first, key],
      id,
    );
  };
  for (let i = first; i < nodes.length; i++) {
    const { id, action, failure } = nodes[i] as NodeDefinition;
    // An empty action is a misshapen node, which was reported already.
    if (action !== '' && !isKnown(action)) report(action, i, 'action', id);
    if (failure !== undefined && !isKnown(failure)) report(failure, i, 'failure', id);
  }
};
