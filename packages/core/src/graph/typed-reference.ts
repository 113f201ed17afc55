import { DaggerError } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { quote } from './diagnostic.ts';

declare const referenced: unique symbol;

/** A reference to a value of type T that a run will have: an input of the run or an output of a node. */
export interface TypedReference<out T> {
  readonly [referenced]: T;
}

/** References to a value and, by its keys, to what is inside it; `item` goes into a list. */
export type References<T> = TypedReference<T> &
  (T extends readonly unknown[]
    ? unknown
    : T extends object
      ? { readonly [K in keyof T]-?: References<Exclude<T[K], undefined>> }
      : unknown);

/** What a reference holds at run time. */
export interface ReferenceTarget {
  /** `['fetch', 'rows', '0']`, or the text of `ref` still to be read. */
  readonly steps: readonly string[] | string;
  readonly default?: JsonValue;
}

const targets = new WeakMap<object, ReferenceTarget>();

export const targetOf = (value: unknown): ReferenceTarget | undefined =>
  typeof value === 'object' && value !== null ? targets.get(value) : undefined;

const reference = (target: ReferenceTarget, handler: ProxyHandler<object>): object => {
  const proxy = new Proxy(Object.freeze(Object.create(null) as object), handler);
  targets.set(proxy, target);
  return proxy;
};

const step = (key: string): string => {
  if (key === '' || /[.[\]]/.test(key))
    throw new DaggerError(
      'GRAPH_INVALID',
      `a reference cannot name the key ${quote(key)}: it is empty or holds '.', '[' or ']'`,
    );
  return key;
};

const deeper = (steps: readonly string[]): object =>
  reference(
    { steps },
    { get: (_, key) => (typeof key === 'string' ? deeper([...steps, step(key)]) : undefined) },
  );

/** The root of references: `inputs` and the nodes added so far. */
export const rootReferences = (isNode: (id: string) => boolean): object =>
  new Proxy(Object.freeze(Object.create(null) as object), {
    get: (_, key) => {
      if (typeof key !== 'string') return undefined;
      if (key === 'inputs' || isNode(key)) return deeper([key]);
      throw new DaggerError(
        'GRAPH_INVALID',
        `there is no node ${quote(key)} to refer to; add it first`,
      );
    },
  });

/**
 * A reference as YAML writes it, `inputs.url` or `fetch.rows[0]`. The compiler lets it stand for any type: the names are
 * checked when the graph is built, the value when the node starts.
 */
export const ref = (text: string): TypedReference<never> =>
  reference({ steps: text }, {}) as TypedReference<never>;

/** A reference with a value for the case that there is nothing where it points. */
export const withDefault = <T extends JsonValue>(
  from: TypedReference<T>,
  value: NoInfer<T>,
): TypedReference<T> => {
  const target = targetOf(from);
  if (target === undefined)
    throw new DaggerError('GRAPH_INVALID', 'withDefault takes a reference and a value');
  return reference({ ...target, default: value }, {}) as TypedReference<T>;
};

/** An item of a list: `item(from.fetch.rows, 0).price`. */
export const item = <T>(list: TypedReference<readonly T[]>, index: number): References<T> => {
  const steps = targetOf(list)?.steps;
  if (!Array.isArray(steps))
    throw new DaggerError('GRAPH_INVALID', 'item takes a reference to a list');
  if (!Number.isSafeInteger(index) || index < 0)
    throw new DaggerError(
      'GRAPH_INVALID',
      `the index of an item must be an integer of at least 0, not ${index}`,
    );
  return deeper([...(steps as readonly string[]), String(index)]) as References<T>;
};

/** `fetch.rows[0].price` from its steps. */
export const referenceText = (steps: readonly string[]): string =>
  steps
    .map((part, i) => (i === 0 ? part : /^\d+$/.test(part) && i > 1 ? `[${part}]` : `.${part}`))
    .join('');
