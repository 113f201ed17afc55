import type { Attempt } from './attempt.ts';

/**
 * Attempts at messages whose trees nobody has asked for: a message that nobody traces, and that causes no other, never has one. In
 * no order.
 */
export class BareAttempts {
  readonly #attempts: Attempt[] = [];

  add(attempt: Attempt): void {
    attempt.place = this.#attempts.length;
    this.#attempts.push(attempt);
  }

  remove(attempt: Attempt): void {
    const { place } = attempt;
    if (place === -1) return;
    attempt.place = -1;
    const last = this.#attempts.pop();
    if (last === undefined || last === attempt) return;
    this.#attempts[place] = last;
    last.place = place;
  }

  /** Those at the messages of one tree; of all where none is named. */
  of(correlationId: string | undefined): readonly Attempt[] {
    return this.#attempts.filter(
      ({ message }) => correlationId === undefined || message.correlationId === correlationId,
    );
  }
}
