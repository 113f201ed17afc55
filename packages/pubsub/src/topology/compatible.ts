import type { JsonObject } from '@dagger/core';
import { cleanLine } from '@dagger/core/kernel';
import {
  closedBy,
  fewestItems,
  isSchema,
  itemSchema,
  memberSchema,
  overBranches,
  requiredOf,
  tupleLength,
  type SubSchema,
} from './sub-schemas.ts';
import { typesOf } from './types-of.ts';
import { allowedWords, refuses, valuesOf } from './values-of.ts';

/** A place in the payload, and why no value can be right there. */
export interface Incompatibility {
  /** Such as `user.tags[0]`; empty for the payload itself. */
  readonly path: string;
  readonly reason: string;
}

/** Deeper, or after more comparisons, nothing is told any more: hostile schemas must not take for ever. */
const DEEPEST = 50;
const MOST_COMPARISONS = 20_000;

const MOST_ITEMS = 100;
const MOST_TEXT = 60;

/**
 * Why no value that one JSON Schema (draft 2020-12) lets through can satisfy another; undefined when one may.
 *
 * - It tells only what is certain: a keyword that is not looked at can only let through less.
 * - Lists whose items can never be right are told, although an empty list would do.
 */
export const findIncompatibility = (
  output: JsonObject,
  input: JsonObject,
): Incompatibility | undefined => new Comparison().compare(output, input);

/** The same in one line, the path first. */
export const incompatibility = (output: JsonObject, input: JsonObject): string | undefined => {
  const found = findIncompatibility(output, input);
  if (found === undefined) return undefined;
  return found.path === '' ? found.reason : `${found.path}: ${found.reason}`;
};

class Comparison {
  readonly #path: string[] = [];
  #comparisons = 0;

  compare(output: SubSchema, input: SubSchema): Incompatibility | undefined {
    if (this.#path.length > DEEPEST || ++this.#comparisons > MOST_COMPARISONS) return undefined;
    if (output === false) return this.#told('the output can be nothing there');
    if (input === false) return this.#told('the input allows nothing there');
    if (!isSchema(output) || !isSchema(input)) return undefined;
    return (
      this.#values(output, input) ?? this.#types(output, input) ?? this.#branches(output, input)
    );
  }

  #told(reason: string): Incompatibility {
    return { path: this.#path.join('').replace(/^\./, ''), reason };
  }

  #inside<T>(step: string, look: () => T): T {
    this.#path.push(step);
    const found = look();
    this.#path.pop();
    return found;
  }

  #differ(output: JsonObject, input: JsonObject): Incompatibility {
    return this.#told(
      `the output is ${allowedWords(output)}, the input must be ${allowedWords(input)}`,
    );
  }

  #values(output: JsonObject, input: JsonObject): Incompatibility | undefined {
    const none =
      valuesOf(output)?.every((value) => refuses(input, value)) === true ||
      valuesOf(input)?.every((value) => refuses(output, value)) === true;
    return none ? this.#differ(output, input) : undefined;
  }

  /** For each type that both allow there must be a reason, else there may be a value. */
  #types(output: JsonObject, input: JsonObject): Incompatibility | undefined {
    const wanted = typesOf(input);
    const shared = [...typesOf(output)].filter((type) => wanted.has(type));
    if (shared.length === 0) return this.#differ(output, input);
    const found = shared.map((type) => {
      if (type === 'object') return this.#members(output, input);
      return type === 'array' ? this.#items(output, input) : undefined;
    });
    return found.every((one) => one !== undefined) ? found[0] : undefined;
  }

  #members(output: JsonObject, input: JsonObject): Incompatibility | undefined {
    const [given, wanted] = [requiredOf(output), requiredOf(input)];
    // What neither insists on may be absent.
    for (const key of new Set([...wanted, ...given])) {
      const found = this.#inside(`.${cleanLine(key, MOST_TEXT)}`, () => {
        if (wanted.has(key) && closedBy(output, key))
          return this.#told('the input requires it, the output cannot have it');
        if (given.has(key) && closedBy(input, key))
          return this.#told('the output always has it, the input does not allow it');
        return this.compare(memberSchema(output, key), memberSchema(input, key));
      });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #items(output: JsonObject, input: JsonObject): Incompatibility | undefined {
    const fewest = Math.max(fewestItems(output), fewestItems(input));
    const different = Math.max(tupleLength(output), tupleLength(input)) + 1;
    const end = Math.min(Math.max(fewest, 1), different, MOST_ITEMS);
    for (let i = 0; i < end; i++) {
      const [given, wanted] = [itemSchema(output, i), itemSchema(input, i)];
      // A list that must be empty is a list nevertheless.
      if (i >= fewest && (given === false || wanted === false)) return undefined;
      const found = this.#inside(`[${i}]`, () => this.compare(given, wanted));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** One branch of `allOf` that cannot be is enough; of `anyOf` and `oneOf` every one. */
  #branches(output: JsonObject, input: JsonObject): Incompatibility | undefined {
    return (
      overBranches(output, (branch) => this.compare(branch, input)) ??
      overBranches(input, (branch) => this.compare(output, branch))
    );
  }
}
