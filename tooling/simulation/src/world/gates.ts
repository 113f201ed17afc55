/** A commit that waits for its turn. */
export interface Parked {
  readonly who: string;
  readonly what: string;
  /** Whether it is committed, and whoever waits for it does not know that yet. */
  readonly isBack: boolean;
  /** Not before this time, in milliseconds since the epoch. */
  until: number;
  readonly goOn: () => void;
}

/** Where commits wait until the schedule lets them on, one at a time. */
export class Gates {
  #parked: Parked[] = [];

  park(who: string, what: string, isBack: boolean): Promise<void> {
    return new Promise((goOn) => void this.#parked.push({ who, what, isBack, until: 0, goOn }));
  }

  get parked(): readonly Parked[] {
    return this.#parked;
  }

  letOn(parked: Parked): void {
    this.#parked = this.#parked.filter((other) => other !== parked);
    parked.goOn();
  }

  /** They never go on. */
  forget(who: string): void {
    this.#parked = this.#parked.filter((parked) => parked.who !== who);
  }
}
