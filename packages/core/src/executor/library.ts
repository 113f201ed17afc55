import { DaggerError } from '../errors.ts';
import { defineGraph, type Graph } from '../graph/graph.ts';
import type { GraphDefinition, GraphMetadata, NodeDefinition } from '../graph/model.ts';
import { closest } from '../graph/compile.ts';

/** A graph in a listing. */
export interface DagSummary {
  readonly name: string;
  readonly description: string;
}

/** The graphs that an executor knows by name. */
export class DagLibrary {
  readonly #dags: Map<string, Graph> = new Map();

  /** @throws DaggerError DAG_DUPLICATE unless `replace` is set */
  add(graph: Graph, replace: boolean): Graph {
    if (!replace && this.#dags.has(graph.name)) {
      throw new DaggerError(
        'DAG_DUPLICATE',
        `a graph named '${graph.name}' is loaded already; pass { replace: true } to replace it`,
        { ids: { dag: graph.name } },
      );
    }
    this.#dags.set(graph.name, graph);
    return graph;
  }

  has(name: string): boolean {
    return this.#dags.has(name);
  }

  /** @throws DaggerError DAG_UNKNOWN with the closest name */
  get(name: string): Graph {
    const graph = this.#dags.get(name);
    if (graph !== undefined) return graph;
    const hint = closest(name, this.#dags.keys());
    throw new DaggerError(
      'DAG_UNKNOWN',
      `no graph named '${name}' is loaded${hint === undefined ? '' : `; did you mean '${hint}'?`}`,
      { ids: { dag: name } },
    );
  }

  list(wanted: (graph: Graph) => boolean = () => true): DagSummary[] {
    return [...this.#dags.values()]
      .filter(wanted)
      .map(({ name, description }) => ({ name, description }));
  }

  metadata(): GraphMetadata[] {
    return [...this.#dags.values()].map(
      ({ name, description, instructions, tags, author, version, signature }) => ({
        name,
        description,
        instructions,
        tags,
        author,
        version,
        signature,
      }),
    );
  }

  /** Makes a new definition with more nodes, under the same name; a name that is not loaded becomes a new graph. */
  extend(name: string, nodes: readonly NodeDefinition[]): Graph {
    const known = this.#dags.get(name);
    const definition: GraphDefinition =
      known === undefined
        ? { name, nodes }
        : { ...known.toJSON(), nodes: [...known.nodes, ...nodes] };
    return this.add(defineGraph(definition), true);
  }
}
