/** A queue in an array that is used round and round: taking from its front costs the same however long it is. */
export class Ring<T> {
  #items: (T | undefined)[] = Array.from({ length: 16 });
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The one that is taken next. */
  get first(): T | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#first];
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#first + this.#length) & (this.#items.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#items.length - 1);
    this.#length--;
    return item;
  }

  /** Everything, oldest first; the queue is empty then. */
  drain(): T[] {
    const all: T[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) all.push(item);
    return all;
  }

  /** Everything, oldest first; nothing may be taken meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    const mask = this.#items.length - 1;
    for (let i = 0; i < this.#length; i++) yield this.#items[(this.#first + i) & mask] as T;
  }

  #grow(): void {
    const size = this.#items.length;
    const items: (T | undefined)[] = Array.from({ length: size * 2 });
    for (let i = 0; i < size; i++) items[i] = this.#items[(this.#first + i) & (size - 1)];
    this.#items = items;
    this.#first = 0;
  }
}
