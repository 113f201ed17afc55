import { DaggerError } from './errors.ts';

/** The values that may cross a boundary: between nodes, into the cache, into storage. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** Deeper nesting than this is refused: it is a cycle or a mistake. */
export const MAX_DEPTH = 500;
/** More values than this in one output are refused, also when they are few objects shared many times. */
const MAX_VALUES = 20_000_000;

/** A path such as `rows[3].price`, for messages. */
const pathOf = (keys: readonly (string | number)[]): string =>
  keys
    .map((key, i) =>
      typeof key === 'number'
        ? `[${key}]`
        : /^[A-Za-z_$][\w$]*$/.test(key)
          ? i
            ? `.${key}`
            : key
          : `[${JSON.stringify(key)}]`,
    )
    .join('') || 'the value itself';

const typeName = (value: unknown): string => {
  if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : `${value}`;
  if (typeof value !== 'object' || value === null)
    return typeof value === 'bigint'
      ? 'a BigInt'
      : value === undefined
        ? 'undefined'
        : `a ${typeof value}`;
  const name: unknown = (
    Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null
  )?.constructor?.name;
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object with a prototype';
};

class Checker {
  readonly #freeze: boolean;
  #values = 0;
  readonly #path: (string | number)[] = [];
  readonly #open: object[] = [];

  constructor(freeze: boolean) {
    this.#freeze = freeze;
  }

  #refuse(value: unknown, what?: string): never {
    const reason = what ?? `${typeName(value)} is not a JSON value`;
    throw new DaggerError('NOT_JSON', `${reason} (at ${pathOf(this.#path.slice(0, 20))})`);
  }

  check(value: unknown): void {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return;
      case 'number':
        if (!Number.isFinite(value)) this.#refuse(value);
        return;
      case 'object':
        if (value !== null) this.#container(value);
        return;
      default:
        this.#refuse(value);
    }
  }

  #container(value: object): void {
    if (this.#open.length >= MAX_DEPTH) {
      const cycle = this.#open.includes(value);
      this.#refuse(
        value,
        cycle ? 'a cycle: the value contains itself' : `nested deeper than ${MAX_DEPTH} levels`,
      );
    }
    if (++this.#values > MAX_VALUES) this.#refuse(value, `more than ${MAX_VALUES} values`);
    this.#open.push(value);
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) this.#member(i, (value as unknown[])[i], false);
    } else {
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null && !isForeignPlain(prototype))
        this.#refuse(value);
      for (const key in value) this.#member(key, (value as Record<string, unknown>)[key], true);
    }
    this.#open.pop();
    if (this.#freeze) Object.freeze(value);
  }

  #member(key: string | number, value: unknown, absentAllowed: boolean): void {
    // The common leaves are settled here, so that the path is only kept for containers and errors.
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return;
    if (typeof value === 'number' && Number.isFinite(value)) return;
    if (value === undefined && absentAllowed) return;
    this.#path.push(key);
    this.check(value);
    this.#path.pop();
  }
}

/** Plain objects of another realm (a `vm` context, a test runner) have another `Object.prototype`. */
const isForeignPlain = (prototype: unknown): boolean =>
  typeof prototype === 'object' &&
  prototype !== null &&
  Object.getPrototypeOf(prototype) === null &&
  Object.hasOwn(prototype, 'isPrototypeOf');

/** Checks that a value is JSON, and leaves it as it is. @throws DaggerError NOT_JSON naming the path */
export const checkJson = (value: unknown): void => new Checker(false).check(value);

/**
 * A frozen copy of a JSON value, for what callers keep in their hands and may change later.
 * @throws DaggerError NOT_JSON naming the path
 */
export const ownJson = (value: unknown): JsonValue => {
  checkJson(value);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  return sealParsed(JSON.parse(JSON.stringify(value)) as JsonValue);
};

/**
 * Checks that a value is JSON and freezes it deeply, so that no reader can change what another reads. For what is handed
 * over, such as the outputs of an action. A property whose value is `undefined` counts as absent.
 * @throws DaggerError NOT_JSON naming the path: a function, symbol, BigInt, NaN, Infinity, Date, class instance, cycle.
 */
export const sealJson = (value: unknown): JsonValue => {
  if (!isFlat(value)) new Checker(true).check(value);
  else Object.freeze(value);
  return value as JsonValue;
};

/** Freezes what `JSON.parse` gave deeply; there is nothing to check in it. */
export const sealParsed = <T extends JsonValue>(value: T): T => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[])
      if (typeof item === 'object') sealParsed(item);
  } else {
    const object = value as JsonObject;
    for (const key in object) {
      const member = object[key];
      if (typeof member === 'object') sealParsed(member);
    }
  }
  return Object.freeze(value);
};

/** Whether a value is a plain object of texts, booleans and finite numbers: the common case, settled without a walk. */
const isFlat = (value: unknown): boolean => {
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return false;
  for (const key in value) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (
      typeof member !== 'string' &&
      typeof member !== 'boolean' &&
      !(typeof member === 'number' && Number.isFinite(member))
    )
      return false;
  }
  return true;
};

/** JSON with the keys of every object in order, so that equal values give equal text (RFC 8785 in spirit). */
export const canonicalJson = (value: JsonValue): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((item: JsonValue) => canonicalJson(item)).join(',')}]`;
  const object = value as JsonObject;
  const parts: string[] = [];
  for (const key of Object.keys(object).toSorted()) {
    const member = object[key];
    if (member !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${parts.join(',')}}`;
};

export const EMPTY_OBJECT: JsonObject = Object.freeze({});
