import type { JsonValue } from '../json.ts';

/** A shared list that is appended to: an append costs its own length only, and a reader gets a frozen picture. */
export class GrowingList {
  readonly #items: JsonValue[];
  #picture: readonly JsonValue[] | undefined;

  constructor(items: readonly JsonValue[]) {
    this.#items = [...items];
  }

  append(value: JsonValue): void {
    this.#items.push(value);
    this.#picture = undefined;
  }

  get value(): readonly JsonValue[] {
    return (this.#picture ??= Object.freeze(this.#items.slice()));
  }
}
