/** Why something could not be done. */
export interface Failure {
  readonly error: unknown;
}

/** A promise that is kept or broken from outside. */
export class Answer {
  readonly promise: Promise<void>;
  #keep!: () => void;
  #break!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#keep = resolve;
      this.#break = reject;
    });
  }

  settle(failure: Failure | undefined): void {
    if (failure === undefined) this.#keep();
    else this.#break(failure.error);
  }
}
