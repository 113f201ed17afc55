import type { Transport } from '../transport/transport.ts';

/** Who is at work, and who waits for room: when nobody is left who could make room, one of those who wait must give way. */
export class Pressure {
  readonly #transport: Transport;
  /** Handlers at work, handlers that wait for room for their outputs, and messages that wait for another attempt. */
  #active = 0;
  #blocked = 0;
  #delayed = 0;
  #isLooking = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A handler begins. */
  began(): void {
    this.#active++;
  }

  /** A handler has ended. */
  ended(): void {
    this.#active--;
    this.#relieve();
  }

  /** A message waits for another attempt, or waits for that no more. */
  delay(by: 1 | -1): void {
    this.#delayed += by;
  }

  /** A handler waits for room for its outputs. */
  async untilRoom(published: Promise<void>): Promise<void> {
    this.#blocked++;
    this.#relieve();
    try {
      await published;
    } finally {
      this.#blocked--;
    }
  }

  #relieve(): void {
    if (this.#isLooking || !this.#isStuck()) return;
    this.#isLooking = true;
    // Whoever has just ended lets others in, who may make room: what may happen at once happens first.
    setImmediate(() => {
      this.#isLooking = false;
      if (this.#isStuck()) this.#transport.relieve?.();
    });
  }

  #isStuck(): boolean {
    return this.#active === 0 && this.#delayed === 0 && this.#blocked > 0;
  }
}
