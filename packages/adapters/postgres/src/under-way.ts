import { DaggerError } from '@dagger/core';

/** What uses the connections of a storage: counted, so that closing can wait for it. */
export class UnderWay {
  readonly #location: string;
  #count = 0;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(location: string) {
    this.#location = location;
  }

  /** @throws DaggerError STORAGE_FAILED after the end */
  enter(): void {
    this.mustBeOpen();
    this.#count++;
  }

  leave(): void {
    if (--this.#count === 0) this.#idle?.();
  }

  /** @throws DaggerError STORAGE_FAILED after the end */
  mustBeOpen(): void {
    if (this.#closed)
      throw new DaggerError('STORAGE_FAILED', `the storage at ${this.#location} was closed`);
  }

  /** Lets nobody in any more, and resolves when everybody has left. */
  async drain(): Promise<void> {
    this.#closed = true;
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }
}
