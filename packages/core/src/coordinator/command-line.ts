import { DaggerError } from '../errors.ts';

/** Tells the sender what became of a command: nothing when it is carried out, else the error. */
type Acknowledge = (error?: unknown) => void;

/** What a sender is told whose command the session did not take up before its end. */
const LATE = Symbol('late');

/** Commands from outside, in line: a bounded number waits for its turn, further senders wait for a place. */
export class CommandLine {
  /** Commands that wait for their turn. */
  waiting = 0;
  readonly #capacity: number;
  readonly #runId: string;
  readonly #unanswered: Set<Acknowledge> = new Set();
  readonly #places: (() => void)[] = [];
  #closed = false;

  constructor(capacity: number, runId: string) {
    this.#capacity = capacity;
    this.#runId = runId;
  }

  /** @throws DaggerError COMMAND_REJECTED */
  async send(submit: (acknowledge: Acknowledge) => void): Promise<void> {
    if (!(await this.offer(submit))) throw this.#late();
  }

  /**
   * Like `send`; false when the session came to its end before the command had its turn.
   * @throws DaggerError COMMAND_REJECTED
   */
  async offer(submit: (acknowledge: Acknowledge) => void): Promise<boolean> {
    while (this.waiting >= this.#capacity && !this.#closed)
      await new Promise<void>((resolve) => this.#places.push(resolve));
    if (this.#closed) return false;
    this.waiting++;
    return new Promise<boolean>((resolve, reject) => {
      const acknowledge: Acknowledge = (error) => {
        this.#unanswered.delete(acknowledge);
        if (error === undefined || error === LATE) resolve(error === undefined);
        // oxlint-disable-next-line prefer-promise-reject-errors -- whatever was thrown reaches the sender as it is
        else reject(error);
      };
      this.#unanswered.add(acknowledge);
      submit(acknowledge);
    });
  }

  /** A command had its turn: somebody else may take its place. */
  taken(): void {
    this.waiting--;
    this.#places.shift()?.();
  }

  /**
   * @param error what broke the session off: it is told to those whose commands may have been carried out or not
   */
  close(error?: unknown): void {
    this.#closed = true;
    for (const acknowledge of this.#unanswered) acknowledge(error ?? LATE);
    for (const place of this.#places.splice(0)) place();
  }

  #late(): DaggerError {
    return new DaggerError('COMMAND_REJECTED', `run '${this.#runId}' has ended`, {
      ids: { runId: this.#runId },
    });
  }
}
