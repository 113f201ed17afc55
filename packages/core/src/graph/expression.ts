import { Environment, EvaluationError, ParseError, type ASTNode } from '@marcbachmann/cel-js';
import { DaggerError } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { describeValue } from './describe.ts';
import { printable, quote } from './diagnostic.ts';
import { isAstNode, operandsOf } from './expression-tree.ts';

type Values =
  ReadonlyMap<string, JsonValue | undefined> | { readonly [key: string]: JsonValue | undefined };

/** What a condition may read. */
export interface ConditionContext {
  /** The inputs of the run. */
  readonly inputs: Values;
  /** The outputs of each finished node, by its id. */
  readonly outputs: Values;
  /** How each node stands, by its id: 'succeeded', 'failed', 'skipped' and so on. */
  readonly status: Values;
}

export interface Condition {
  readonly ok: true;
  /** The ids of the nodes whose outputs or status the condition reads under a fixed name. */
  readonly reads: readonly string[];
  /** @throws DaggerError CONDITION_FAILED when it cannot be computed or is not a boolean. */
  evaluate(context: ConditionContext): boolean;
}

export interface ConditionProblem {
  readonly ok: false;
  readonly message: string;
  /** Where in the text, counted from 0. */
  readonly offset?: number;
}

export const LONGEST_CONDITION = 10_000;
/** A comprehension inside another multiplies their work; deeper than this is refused. */
const DEEPEST_COMPREHENSION = 2;
const COMPREHENSIONS: ReadonlySet<string> = new Set([
  'all',
  'exists',
  'exists_one',
  'map',
  'filter',
]);

/**
 * JSON has one kind of number, which CEL reads as a double, while `1` in an expression is an integer: the operators
 * between the two are ours.
 */
const withJsonNumbers = (environment: Environment): Environment => {
  const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  };
  for (const [sign, operate] of Object.entries(operators)) {
    const compute = (a: number | bigint, b: number | bigint): number =>
      operate(Number(a), Number(b));
    environment.registerOperator(`double ${sign} int: double`, compute);
    environment.registerOperator(`int ${sign} double: double`, compute);
    if (sign === '%') environment.registerOperator(`double ${sign} double: double`, compute);
  }
  return environment;
};

const ENVIRONMENT = withJsonNumbers(
  new Environment({
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: 2_000,
      maxDepth: 64,
      maxListElements: 1_000,
      maxMapEntries: 1_000,
      maxCallArguments: 32,
    },
  })
    .registerVariable('inputs', 'map')
    .registerVariable('outputs', 'map')
    .registerVariable('status', 'map'),
);

const refusal = (message: string, offset?: number): ConditionProblem => ({
  ok: false,
  message: printable(message, 200),
  ...(offset === undefined ? {} : { offset }),
});

/** The node that `outputs.a`, `status.a` or `outputs["a"]` names. */
const readOf = (node: ASTNode): string | undefined => {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [from, key] = node.args;
  if (from.op !== 'id' || (from.args !== 'outputs' && from.args !== 'status')) return undefined;
  if (typeof key === 'string') return key;
  return key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
};

/** Walks the tree without recursion; gives the reads, or why the expression is refused. */
const inspect = (root: ASTNode): readonly string[] | ConditionProblem => {
  const reads = new Set<string>();
  const open: [node: ASTNode, loops: number][] = [[root, 0]];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const [node, loops] = entry;
    const read = readOf(node);
    if (read !== undefined) reads.add(read);
    let inside = loops;
    if (node.op === 'rcall' || node.op === 'call') {
      if (node.args[0] === 'matches')
        return refusal(
          'matches is not available, since a regular expression may take forever; use contains, startsWith or endsWith',
          node.start,
        );
      if (COMPREHENSIONS.has(node.args[0])) inside++;
      if (inside > DEEPEST_COMPREHENSION)
        return refusal(
          `${node.args[0]} is nested more than ${DEEPEST_COMPREHENSION} deep`,
          node.start,
        );
    }
    for (const operand of operandsOf(node)) if (isAstNode(operand)) open.push([operand, inside]);
  }
  return [...reads];
};

const failure = (text: string, reason: string, cause?: unknown): DaggerError =>
  new DaggerError('CONDITION_FAILED', `the condition ${quote(text)} ${reason}`, { cause });

/** Reads a condition in CEL over `inputs`, `outputs` and `status`. Never throws. */
export const parseCondition = (text: string): Condition | ConditionProblem => {
  if (text.length > LONGEST_CONDITION)
    return refusal(`it has ${text.length} characters, more than ${LONGEST_CONDITION}`);
  try {
    const compute = ENVIRONMENT.parse(text);
    const reads = inspect(compute.ast);
    if ('ok' in reads) return reads;
    const { valid, type, error } = compute.check();
    if (!valid) return refusal(error?.summary ?? 'its types do not fit', error?.range?.start);
    if (type !== 'bool' && type !== 'dyn')
      return refusal(`it gives ${type ?? 'no value'}, not true or false`, 0);
    const evaluate = (context: ConditionContext): boolean => {
      let value: unknown;
      try {
        value = compute({ ...context });
      } catch (thrown) {
        const reason =
          thrown instanceof EvaluationError
            ? thrown.summary
            : thrown instanceof RangeError
              ? 'it is nested too deep'
              : 'of an unknown cause';
        throw failure(text, `failed: ${printable(reason, 200)}`, thrown);
      }
      if (typeof value !== 'boolean')
        throw failure(text, `gave ${describeValue(value)}, not true or false`);
      return value;
    };
    return { ok: true, reads, evaluate };
  } catch (thrown) {
    // The parser recurses over prefix operators without counting them.
    if (thrown instanceof RangeError) return refusal('it is nested too deep');
    if (thrown instanceof ParseError) return refusal(thrown.summary, thrown.range?.start);
    return refusal(thrown instanceof Error ? thrown.message : 'it cannot be read');
  }
};

/** The ids of nodes that a condition reads under a fixed name; none when it is not valid. */
export const conditionReads = (text: string): readonly string[] => {
  const parsed = parseCondition(text);
  return parsed.ok ? parsed.reads : [];
};
