import { notAncestors, type AncestorQuestion } from './ancestors.ts';
import { otherIds, problem, suggestion, type Problems } from './compile.ts';
import { quote, type DefinitionPath } from './diagnostic.ts';
import { parseCondition } from './expression.ts';
import { checkActions, type KnownActions } from './known-actions.ts';
import type { InputField, NodeDefinition, OutputField } from './model.ts';
import { parseReference, type Reference } from './reference.ts';
import { NodeFlag, type Topology } from './topology.ts';

/** A use of one node by another, to be settled when all are known. */
interface Read extends AncestorQuestion {
  readonly path: DefinitionPath;
  readonly text: string;
}

/** One pass over the nodes from number `first` on. */
class MeaningCheck {
  readonly #topology: Topology;
  readonly #first: number;
  readonly #problems: Problems;
  readonly #distant: Read[] = [];
  /** The outputs read of each node; `null` where all may be. */
  readonly #read: Map<number, Set<string> | null> = new Map();
  readonly #outputNames: Map<number, ReadonlySet<string>> = new Map();

  constructor(topology: Topology, first: number, problems: Problems) {
    this.#topology = topology;
    this.#first = first;
    this.#problems = problems;
  }

  run(): void {
    const { count, flags } = this.#topology;
    let disabled = false;
    for (let n = this.#first; n < count; n++) {
      const flag = flags[n] as number;
      if (flag === 0) continue;
      if ((flag & NodeFlag.INPUTS) !== 0) this.#inputs(n);
      if ((flag & NodeFlag.CONDITION) !== 0) this.#condition(n);
      if ((flag & NodeFlag.DISABLED) !== 0) disabled = true;
    }
    for (const read of notAncestors(this.#topology, this.#distant)) this.#reportDistant(read);
    if (disabled) this.#unreachable();
    if (this.#first === 0 && this.#read.size > 0) this.#unused();
  }

  #node(n: number): NodeDefinition {
    return this.#topology.definitions[n] as NodeDefinition;
  }

  #path(n: number, ...steps: (string | number)[]): DefinitionPath {
    return ['nodes', n - this.#first, ...steps];
  }

  #unknownNode(id: string, self: string, where: string): string {
    return `${where} names the unknown node ${quote(id)}${suggestion(this.#problems, id, otherIds(this.#topology, self))}`;
  }

  #inputs(n: number): void {
    const node = this.#node(n);
    const direct = new Set<number>();
    for (const { node: dependency } of this.#topology.dependenciesOf(n)) direct.add(dependency);
    (node.inputs as readonly InputField[]).forEach((input, k) => {
      const { reference } = input;
      if (reference !== undefined && input.value !== undefined) {
        problem(
          this.#problems,
          'input-conflict',
          `the input ${quote(input.name)} has both a reference and a value`,
          this.#path(n, 'inputs', k),
          node.id,
        );
      } else if (
        reference === undefined &&
        input.value === undefined &&
        input.default === undefined
      ) {
        problem(
          this.#problems,
          'input-conflict',
          `the input ${quote(input.name)} has neither a reference nor a value`,
          this.#path(n, 'inputs', k),
          node.id,
        );
      }
      if (reference !== undefined)
        this.#reference(n, reference, this.#path(n, 'inputs', k, 'reference'), direct);
    });
  }

  #reference(n: number, text: string, path: DefinitionPath, direct: ReadonlySet<number>): void {
    const { id } = this.#node(n);
    const reference = parseReference(text, (name) => this.#topology.numberOf(name) !== undefined);
    if (reference === undefined) {
      problem(
        this.#problems,
        'reference-invalid',
        `the reference ${quote(text)} is not of the form inputs.<name> or <node>.<output>`,
        path,
        id,
      );
      return;
    }
    if (reference.nodeId === undefined) return;
    const from = this.#topology.numberOf(reference.nodeId);
    if (from === undefined) {
      problem(
        this.#problems,
        'reference-unknown',
        this.#unknownNode(reference.nodeId, id, `the reference ${quote(text)}`),
        path,
        id,
      );
      return;
    }
    if (!direct.has(from))
      this.#distant.push({ from, to: n, path, text: `the reference ${quote(text)}` });
    this.#output(n, from, reference, path);
  }

  #output(n: number, from: number, reference: Reference, path: DefinitionPath): void {
    const output = reference.path[0] as string;
    const read = this.#read.get(from);
    if (read === undefined) this.#read.set(from, new Set([output]));
    else read?.add(output);
    const { outputs } = this.#node(from);
    if (outputs === undefined || outputs.length === 0) return;
    let names = this.#outputNames.get(from);
    if (names === undefined)
      this.#outputNames.set(from, (names = new Set(outputs.map((o) => o.name))));
    if (names.has(output)) return;
    const hint = suggestion(this.#problems, output, names);
    const advice =
      hint === '' ? `; it declares ${[...names].slice(0, 10).map(quote).join(', ')}` : hint;
    problem(
      this.#problems,
      'output-undeclared',
      `the node ${quote(reference.nodeId as string)} declares no output ${quote(output)}${advice}`,
      path,
      this.#node(n).id,
    );
  }

  #condition(n: number): void {
    const node = this.#node(n);
    const text = node.when as string;
    const path = this.#path(n, 'when');
    const parsed = parseCondition(text);
    if (!parsed.ok) {
      const place = parsed.offset === undefined ? '' : ` (at character ${parsed.offset + 1})`;
      problem(
        this.#problems,
        'expression',
        `the condition is not valid CEL: ${parsed.message}${place}`,
        path,
        node.id,
      );
      return;
    }
    for (const id of parsed.reads) {
      const from = this.#topology.numberOf(id);
      if (from === undefined) {
        problem(
          this.#problems,
          'reference-unknown',
          this.#unknownNode(id, node.id, 'the condition'),
          path,
          node.id,
        );
        continue;
      }
      this.#read.set(from, null);
      this.#distant.push({ from, to: n, path, text: 'the condition' });
    }
  }

  #reportDistant({ from, to, path, text }: Read): void {
    const { id } = this.#node(from);
    const reason =
      from === to
        ? 'reads the node itself'
        : `reads ${quote(id)}, which is not among the dependencies of ${quote(this.#node(to).id)} nor before them; add it to dependencies`;
    problem(this.#problems, 'reference-not-ancestor', `${text} ${reason}`, path, this.#node(to).id);
  }

  #unreachable(): void {
    const { flags, firstEdge, nextEdge, target, optional, count } = this.#topology;
    for (let n = 0; n < count; n++) {
      if (((flags[n] as number) & NodeFlag.DISABLED) === 0) continue;
      for (let e = firstEdge[n] as number; e !== -1; e = nextEdge[e] as number) {
        const to = target[e] as number;
        if (
          to < this.#first ||
          optional[e] === 1 ||
          ((flags[to] as number) & NodeFlag.COUNTED) !== 0
        )
          continue;
        const { id } = this.#node(to);
        this.#warn(
          'unreachable',
          `${quote(id)} cannot run unless ${quote(this.#node(n).id)}, which starts disabled, is enabled`,
          this.#path(to),
          id,
        );
      }
    }
  }

  #unused(): void {
    const { count, firstEdge } = this.#topology;
    for (let n = 0; n < count; n++) {
      const { id, outputs } = this.#node(n);
      // The outputs of a sink are what the run is for.
      if (outputs === undefined || firstEdge[n] === -1) continue;
      const read = this.#read.get(n);
      if (read === null) continue;
      outputs.forEach((output: OutputField, k) => {
        if (read?.has(output.name) !== true)
          this.#warn(
            'output-unused',
            `nobody reads the output ${quote(output.name)}`,
            this.#path(n, 'outputs', k),
            id,
          );
      });
    }
  }

  #warn(
    code: 'unreachable' | 'output-unused',
    message: string,
    path: DefinitionPath,
    nodeId: string,
  ): void {
    this.#problems.push({ severity: 'warning', code, message, path, nodeId });
  }
}

/**
 * Checks what the nodes from number `first` on say about others: references, conditions, outputs, and with a registry
 * their actions. A node without inputs, condition and switch costs the read of one byte.
 */
export const checkMeaning = (
  topology: Topology,
  first: number,
  problems: Problems,
  registry?: KnownActions,
): void => {
  new MeaningCheck(topology, first, problems).run();
  if (registry !== undefined) checkActions(topology.definitions, first, problems, registry);
};
