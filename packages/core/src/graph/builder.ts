import type { Action } from '../actions/action.ts';
import { DaggerError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { dependencyId } from './compile.ts';
import { quote } from './diagnostic.ts';
import { defineGraph, type Graph } from './graph.ts';
import type { DependencySpec, GraphDefinition, InputField, NodeDefinition } from './model.ts';
import { parseReference, RUN_INPUTS } from './reference.ts';
import {
  referenceText,
  rootReferences,
  targetOf,
  type References,
  type ReferenceTarget,
  type TypedReference,
} from './typed-reference.ts';

/** For each input of an action a literal, or a reference to a value of its type. */
export type InputsFor<I> = { readonly [K in keyof I]: I[K] | TypedReference<I[K]> };

/** What a node may refer to: the inputs of the run, and the outputs of the nodes before it. */
export type From<In, Nodes> = { readonly inputs: References<In> } & {
  readonly [Id in keyof Nodes]: References<Nodes[Id]>;
};

type Inputs<I, In, Nodes> = InputsFor<I> | ((from: From<In, Nodes>) => InputsFor<I>);

type NodeName<Nodes> = Extract<keyof Nodes, string>;

/** The keys of a node that the builder does not find out by itself. */
export type NodeOptions<Nodes> = Omit<
  NodeDefinition,
  'id' | 'action' | 'inputs' | 'dependencies'
> & {
  /** Nodes to wait for besides those that the inputs refer to. */
  readonly dependencies?: readonly (
    NodeName<Nodes> | { readonly id: NodeName<Nodes>; readonly optional?: boolean }
  )[];
};

/** Inputs may be left out where the action needs none. */
type Rest<I, In, Nodes> = object extends I
  ? [inputs?: Inputs<I, In, Nodes>, options?: NodeOptions<Nodes>]
  : [inputs: Inputs<I, In, Nodes>, options?: NodeOptions<Nodes>];

/** An id that is not taken. Where ids are made at run time, only `build` can tell. */
type NewId<Id extends string, Nodes> = string extends keyof Nodes
  ? Id
  : Id extends keyof Nodes | 'inputs'
    ? `the id '${Id}' is taken`
    : Id;

/** A graph in the making. `node` adds to this builder and gives it back with the outputs of the new node in its type. */
export interface GraphBuilder<In, Nodes> {
  /**
   * Adds a node. Its dependencies are those of `options` and every node that its inputs refer to.
   * @throws DaggerError GRAPH_INVALID when a reference names a node that is not there.
   */
  node<const Id extends string, I, O>(
    id: NewId<Id, Nodes>,
    action: Action<I, O>,
    ...rest: Rest<I, In, Nodes>
  ): GraphBuilder<In, Nodes & { readonly [K in Id]: O }>;
  /** @throws GraphInvalidError with every problem found. */
  build(): Graph;
}

class Builder {
  readonly #metadata: Omit<GraphDefinition, 'nodes'>;
  readonly #nodes: NodeDefinition[] = [];
  readonly #ids: Set<string> = new Set();
  readonly #from: object;

  constructor(metadata: Omit<GraphDefinition, 'nodes'>) {
    this.#metadata = metadata;
    this.#from = rootReferences((id) => this.#ids.has(id));
  }

  node(
    id: string,
    action: { readonly name: string },
    inputs: object = {},
    options: Omit<NodeDefinition, 'id' | 'action'> = {},
  ): this {
    const given = (
      typeof inputs === 'function' ? (inputs as (from: object) => object)(this.#from) : inputs
    ) as JsonObject;
    const { dependencies: named = [], ...rest } = options;
    const dependencies: DependencySpec[] = [...named];
    const known = new Set(named.map(dependencyId));
    const fields: InputField[] = [];
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined) continue;
      const target = targetOf(value);
      if (target === undefined) fields.push({ name, value });
      else fields.push({ name, ...this.#refer(target, known, dependencies) });
    }
    this.#nodes.push({
      id,
      action: action.name,
      ...(dependencies.length > 0 ? { dependencies } : {}),
      ...(fields.length > 0 ? { inputs: fields } : {}),
      ...rest,
    });
    this.#ids.add(id);
    return this;
  }

  build(): Graph {
    return defineGraph({ ...this.#metadata, nodes: this.#nodes });
  }

  /** The fields of a reference; the node that it reads becomes a dependency. */
  #refer(
    target: ReferenceTarget,
    known: Set<string>,
    dependencies: DependencySpec[],
  ): { reference: string; default?: JsonValue } {
    const { steps } = target;
    const reference = typeof steps === 'string' ? steps : referenceText(steps);
    const nodeId = parseReference(reference, (name) => this.#ids.has(name))?.nodeId;
    if (typeof steps !== 'string') {
      if (steps.length < 2)
        throw new DaggerError(
          'GRAPH_INVALID',
          `a reference names an output: ${quote(`${reference}.<output>`)}, not ${quote(reference)}`,
        );
      if ((nodeId ?? RUN_INPUTS) !== steps[0]) {
        throw new DaggerError(
          'GRAPH_INVALID',
          `the reference ${quote(reference)} could also mean the node ${quote(nodeId ?? '')}; rename one of them`,
        );
      }
    }
    if (nodeId !== undefined && !known.has(nodeId)) {
      known.add(nodeId);
      dependencies.push(nodeId);
    }
    return { reference, ...(target.default === undefined ? {} : { default: target.default }) };
  }
}

/**
 * Begins a graph in code. `In` is the type of the inputs of a run.
 *
 *     graphBuilder<{ url: string }>('pipeline')
 *       .node('fetch', fetchRows, (from) => ({ url: from.inputs.url }))
 *       .node('clean', cleanRows, (from) => ({ rows: from.fetch.rows, limit: 10 }))
 *       .build()
 */
export const graphBuilder = <In = JsonObject>(
  name: string,
  metadata: Omit<GraphDefinition, 'name' | 'nodes'> = {},
): GraphBuilder<In, object> => new Builder({ name, ...metadata });
