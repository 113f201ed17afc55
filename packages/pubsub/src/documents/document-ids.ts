/** Gives out ids that are safe as keys, in `$ref`s and in the code that is generated of documents; each is given once. */
export class DocumentIds {
  readonly #given: Set<string> = new Set();

  give(name: string): string {
    const safe = name.replace(/[^A-Za-z0-9._-]+/g, '_');
    // As a key, some tools would take it for the prototype.
    const base = safe === '__proto__' ? 'proto' : safe;
    let id = base;
    for (let i = 2; this.#given.has(id); i++) id = `${base}-${i}`;
    this.#given.add(id);
    return id;
  }
}
