import type { Ids } from '@dagger/core';

const BASE = 36;
/** Every pair of digits. */
const ENDINGS: readonly string[] = Array.from({ length: BASE * BASE }, (_, i) =>
  i.toString(BASE).padStart(2, '0'),
);
/** The first number of four digits, so that ids of one process are ordered as their messages are. */
const FIRST = BASE ** 3;

/**
 * Ids of messages: what is unique for this process, and a number of six digits to the base of 36, or more. Made of two texts that
 * are there already, since there are as many ids as messages.
 */
export class MessageIds {
  readonly #process: string;
  #beginning = '';
  #high = FIRST;
  #low = ENDINGS.length;

  constructor(ids: Ids) {
    this.#process = `${ids.runId()}-`;
  }

  next(): string {
    if (this.#low === ENDINGS.length) {
      this.#beginning = this.#process + (this.#high++).toString(BASE);
      this.#low = 0;
    }
    return this.#beginning + (ENDINGS[this.#low++] as string);
  }
}
