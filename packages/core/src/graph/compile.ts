import type { Diagnostic, DiagnosticCode, DefinitionPath } from './diagnostic.ts';
import { quote } from './diagnostic.ts';
import type { DependencySpec, NodeDefinition } from './model.ts';
import { findCycle } from './cycle.ts';
import { idProblem } from './node-id.ts';
import type { Topology } from './topology.ts';

/** Where problems go; `path` is that of the node list of the definition at hand. */
export type Problems = Diagnostic[];

export const problem = (
  problems: Problems,
  code: DiagnosticCode,
  message: string,
  path: DefinitionPath,
  nodeId?: string,
): void => {
  problems.push({
    severity: 'error',
    code,
    message,
    path,
    ...(nodeId === undefined ? {} : { nodeId }),
  });
};

export const dependencyId = (dependency: DependencySpec): string =>
  typeof dependency === 'string' ? dependency : dependency.id;

const NO_DEPENDENCIES: readonly DependencySpec[] = [];

/** The dependencies of one node that were seen: few in a list, many in a set. */
class Named {
  readonly #few: number[] = [];
  readonly #many: Set<number> | undefined;

  constructor(expected: number) {
    this.#many = expected > 8 ? new Set() : undefined;
  }

  has(node: number): boolean {
    return this.#many === undefined ? this.#few.includes(node) : this.#many.has(node);
  }

  add(node: number): void {
    if (this.#many === undefined) this.#few.push(node);
    else this.#many.add(node);
  }
}

/** A suggestion for a misspelled name: the closest one within two edits. */
export const closest = (name: string, among: Iterable<string>): string | undefined => {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let distance = Math.min(3, Math.max(1, Math.ceil(name.length / 3)) + 1);
  let tried = 0;
  for (const other of among) {
    if (++tried > 2_000) break;
    if (Math.abs(other.length - name.length) >= distance || other.length > 64) continue;
    const d = editDistance(wanted, other.toLowerCase(), distance);
    if (d < distance) [best, distance] = [other, d];
  }
  return best;
};

/** The closest name as the end of a message. After many problems it is empty: each costs a look at every name. */
export const suggestion = (problems: Problems, name: string, among: Iterable<string>): string => {
  const hint = problems.length < 100 ? closest(name, among) : undefined;
  return hint === undefined ? '' : `; did you mean ${quote(hint)}?`;
};

/** The ids of a graph but one, made as they are asked for: `closest` looks at the first few only. */
export function* otherIds(topology: Topology, id: string): Generator<string> {
  for (const definition of topology.definitions) if (definition.id !== id) yield definition.id;
}

/** The edits from one text to another; `enough` where they are that many or more. */
const editDistance = (a: string, b: string, enough: number): number => {
  const row = [0];
  for (let j = 1; j <= b.length; j++) row.push(j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = i - 1;
    let least = (row[0] = i);
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number;
      const replaced = diagonal + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      const edits = Math.min(above + 1, (row[j - 1] as number) + 1, replaced);
      diagonal = above;
      row[j] = edits;
      if (edits < least) least = edits;
    }
    if (least >= enough) return enough;
  }
  return row[b.length] as number;
};

/**
 * Adds nodes to a topology, all of them or (when a problem is found) an unusable part: on problems the topology must be
 * thrown away. Nodes may name each other in any order. Costs O(nodes + edges).
 * @param misshapen positions in `nodes` whose shape was reported already; only their ids and edges count.
 */
export const addNodes = (
  topology: Topology,
  nodes: readonly NodeDefinition[],
  problems: Problems,
  misshapen?: ReadonlySet<number>,
): void => {
  const first = topology.count;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as NodeDefinition;
    const wrong = idProblem(node.id);
    if (wrong !== undefined) {
      // A misshapen node was reported already.
      if (misshapen?.has(i) !== true || node.id !== '')
        problem(
          problems,
          'id-invalid',
          wrong,
          ['nodes', i, 'id'],
          typeof node.id === 'string' ? node.id : undefined,
        );
    } else if (topology.numberOf(node.id) !== undefined)
      problem(
        problems,
        'id-duplicate',
        `the id ${quote(node.id)} is defined twice`,
        ['nodes', i, 'id'],
        node.id,
      );
    else {
      topology.addNode(node);
      continue;
    }
    // Keep the numbers in step with the list, so that the paths of later problems are right.
    topology.addNode({ ...node, id: `\u0000${i}` });
  }
  let forward = false;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as NodeDefinition;
    const to = first + i;
    const dependencies = node.dependencies ?? NO_DEPENDENCIES;
    const before = dependencies.length > 1 ? new Named(dependencies.length) : undefined;
    for (let k = 0; k < dependencies.length; k++) {
      const dependency = dependencies[k] as DependencySpec;
      const id = dependencyId(dependency);
      const from = topology.numberOf(id);
      if (from === undefined) {
        problem(
          problems,
          'dependency-unknown',
          `unknown dependency ${quote(id)}${suggestion(problems, id, otherIds(topology, node.id))}`,
          ['nodes', i, 'dependencies', k],
          node.id,
        );
      } else if (before?.has(from) === true) {
        problems.push({
          severity: 'warning',
          code: 'dependency-repeated',
          message: `the dependency ${quote(id)} is named twice`,
          path: ['nodes', i, 'dependencies', k],
          nodeId: node.id,
        });
      } else {
        before?.add(from);
        if (from >= to) forward = true;
        topology.addEdge(from, to, typeof dependency !== 'string' && dependency.optional === true);
      }
    }
    if (node.join !== undefined) addJoin(topology, to, node, i, problems);
  }
  if (forward) reportCycle(topology, first, problems);
};

const addJoin = (
  topology: Topology,
  number: number,
  node: NodeDefinition,
  i: number,
  problems: Problems,
): void => {
  const { join } = node;
  if (join === undefined || join === 'all') return;
  const available = topology.dependencyCount[number] as number;
  const wanted = join === 'any' ? 1 : join.atLeast;
  if (wanted > available) {
    problem(
      problems,
      'join-impossible',
      `join asks for ${wanted} of ${available} dependencies`,
      ['nodes', i, 'join'],
      node.id,
    );
  }
  if (node.dependencies?.some((d) => typeof d !== 'string' && d.optional === true)) {
    problem(
      problems,
      'join-impossible',
      `an optional dependency has no meaning where join is not 'all'`,
      ['nodes', i, 'join'],
      node.id,
    );
  }
  topology.setJoin(number, join);
};

/** Nodes of a cycle that a message names. */
const LONGEST_CYCLE = 20;

const reportCycle = (topology: Topology, first: number, problems: Problems): void => {
  for (const cycle of findCycle(topology, first)) {
    const names = cycle.slice(0, LONGEST_CYCLE).map((n) => quote(topology.idOf(n)));
    if (cycle.length > LONGEST_CYCLE) names.push(`… ${cycle.length - LONGEST_CYCLE} more …`);
    const head = cycle[0] as number;
    const message =
      cycle.length === 1
        ? `a cycle: ${names[0]} depends on itself`
        : `a cycle: ${[...names, names[0]].join(' -> ')} (each depends on the next)`;
    problem(
      problems,
      'cycle',
      message,
      ['nodes', head - first, 'dependencies'],
      topology.idOf(head),
    );
  }
};
