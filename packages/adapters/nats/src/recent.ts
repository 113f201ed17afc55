/** What was stored in a stream, and when: a stream that was made anew begins to count again. */
export interface Place {
  /** At least 1. */
  readonly sequence: number;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
}

/** The last so many places, where they came in about the order of their sequences. */
export class Recent {
  readonly #sequences: Float64Array;
  readonly #times: Float64Array;

  constructor(most: number) {
    this.#sequences = new Float64Array(most);
    this.#times = new Float64Array(most);
  }

  has({ sequence, time }: Place): boolean {
    const at = sequence % this.#sequences.length;
    return this.#sequences[at] === sequence && this.#times[at] === time;
  }

  add({ sequence, time }: Place): void {
    const at = sequence % this.#sequences.length;
    this.#sequences[at] = sequence;
    this.#times[at] = time;
  }
}
