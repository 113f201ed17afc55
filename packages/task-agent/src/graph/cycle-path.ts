/** That a task needs another. */
export interface Edge {
  readonly taskId: string;
  readonly needs: string;
}

/**
 * The shortest way from one task over what it needs to another, both named; undefined when there is none. With the edge
 * that was to lead back, it is a cycle.
 */
export const pathBetween = (
  from: string,
  to: string,
  edges: readonly Edge[],
): readonly string[] | undefined => {
  if (from === to) return [from];
  const needs = new Map<string, string[]>();
  for (const edge of edges) {
    const known = needs.get(edge.taskId);
    if (known === undefined) needs.set(edge.taskId, [edge.needs]);
    else known.push(edge.needs);
  }
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  const line = [from];
  for (let at = 0; at < line.length; at++) {
    const id = line[at] as string;
    for (const next of needs.get(id) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, id);
      if (next === to) return wayTo(to, cameFrom);
      line.push(next);
    }
  }
  return undefined;
};

const wayTo = (
  to: string,
  cameFrom: ReadonlyMap<string, string | undefined>,
): readonly string[] => {
  const way: string[] = [];
  for (let at: string | undefined = to; at !== undefined; at = cameFrom.get(at)) way.push(at);
  return way.reverse();
};
