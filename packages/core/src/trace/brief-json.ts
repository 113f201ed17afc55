import type { JsonValue } from '../json.ts';

const ELLIPSIS = '…';

/** Text of at most so many UTF-16 units, never cut within a character. */
export const shorten = (text: string, longest: number): string => {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}${ELLIPSIS}`;
};

/** Writes parts until there is more than enough; what is beyond is never looked at. */
class BriefWriter {
  #text = '';
  readonly #enough: number;

  constructor(enough: number) {
    this.#enough = enough;
  }

  get text(): string {
    return this.#text;
  }

  get full(): boolean {
    return this.#text.length > this.#enough;
  }

  write(value: JsonValue): void {
    if (typeof value === 'string') this.#text += JSON.stringify(value.slice(0, this.#enough + 1));
    else if (typeof value !== 'object' || value === null) this.#text += JSON.stringify(value);
    else if (Array.isArray(value)) this.#list(value);
    else this.#map(value as { readonly [key: string]: JsonValue | undefined });
  }

  #list(items: readonly JsonValue[]): void {
    this.#text += '[';
    for (const [i, item] of items.entries()) {
      if (this.full) return;
      if (i > 0) this.#text += ',';
      this.write(item);
    }
    this.#text += ']';
  }

  #map(map: { readonly [key: string]: JsonValue | undefined }): void {
    this.#text += '{';
    let first = true;
    for (const key in map) {
      if (this.full) return;
      const member = map[key];
      if (member === undefined) continue;
      this.#text += `${first ? '' : ','}${JSON.stringify(key.slice(0, this.#enough + 1))}:`;
      first = false;
      this.write(member);
    }
    this.#text += '}';
  }
}

/** The beginning of a value as JSON. Costs no more than what is shown, however large the value is. */
export const briefJson = (value: JsonValue, longest: number): string => {
  const writer = new BriefWriter(longest);
  writer.write(value);
  return shorten(writer.text, longest);
};
