import type { Storage } from '@dagger/core';
import { bridge } from '../storage-bridge.ts';

/** Turns of the event loop in which nothing happens, after which nothing will that needs no time. */
const TURNS = 6;

/** Counts what is under way in storages, so that a test knows when everything that needs no time has happened. */
export class Traffic {
  #underWay = 0;
  #still: (() => void)[] = [];

  /** The storage, with everything that is asked of it counted. */
  counted(storage: Storage): Storage {
    return {
      ...storage,
      db: bridge(storage.db, (_query, work) => this.#count(work)),
      migrate: (set) => this.#count(() => storage.migrate(set)),
      transaction: (work) => this.#count(() => storage.transaction(work)),
      ...(storage.subscribe === undefined
        ? {}
        : {
            subscribe: async (topic: string, wake: () => void) => {
              const stop = await this.#count(async () => storage.subscribe?.(topic, wake));
              return () => this.#count(async () => stop?.());
            },
          }),
      ...(storage.notify === undefined
        ? {}
        : { notify: (db, topic) => this.#count(async () => storage.notify?.(db, topic)) }),
    };
  }

  async #count<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) for (const wake of this.#still.splice(0)) wake();
    }
  }

  /** Resolves when nothing is under way, and nothing follows from what was. */
  async ceases(): Promise<void> {
    for (let turns = 0; turns < TURNS; turns++) {
      if (this.#underWay > 0) {
        await new Promise<void>((resolve) => this.#still.push(resolve));
        turns = 0;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
