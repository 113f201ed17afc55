import type { JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import { readBlob } from './blobs.ts';
import { decodeEvents } from './codec.ts';
import { attached, type StoredEvent } from './references.ts';
import type { Storage } from './storage.ts';

/** Journal rows read at a time. */
const PAGE = 1_000;

/** Where in the journal of a run the outputs of each node are, so that loading them again costs one row. */
export class OutputPlaces {
  readonly #storage: Storage;
  readonly #runId: string;
  /** By the number of a node: the sequence number of the group that has its completion. */
  readonly #seqs: number[] = [];
  /** Whether every completion so far has been noted. */
  #complete: boolean;

  /** @param isNew whether the journal is empty; of another one the places are learned when first asked for */
  constructor(storage: Storage, runId: string, isNew: boolean) {
    this.#storage = storage;
    this.#runId = runId;
    this.#complete = isNew;
  }

  /** Notes a group that is in the journal at `seq`. */
  note(events: readonly RunEvent[], seq: number): void {
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as RunEvent;
      if (event.type === 'NodeCompleted') this.#seqs[event.n] = seq;
    }
  }

  /** @throws DaggerError STORAGE_FAILED */
  async outputsOf(n: number): Promise<JsonObject | undefined> {
    if (!this.#complete && this.#seqs[n] === undefined) await this.#learn();
    const seq = this.#seqs[n];
    if (seq === undefined) return undefined;
    const { body } = await this.#storage.db
      .selectFrom('dagger_journal')
      .select('body')
      .where('run_id', '=', this.#runId)
      .where('seq', '=', seq)
      .executeTakeFirstOrThrow();
    const event = decodeEvents(body).findLast(
      (found) => found.type === 'NodeCompleted' && found.n === n,
    );
    return event === undefined ? undefined : this.#outputsIn(event);
  }

  async #outputsIn(event: StoredEvent): Promise<JsonObject | undefined> {
    const whole = await attached(event, (hash) => readBlob(this.#storage, this.#runId, hash));
    return whole.type === 'NodeCompleted' ? whole.outputs : undefined;
  }

  /** Reads the journal once; what was noted meanwhile is later, and stays. */
  async #learn(): Promise<void> {
    let after = 0;
    for (;;) {
      const rows = await this.#storage.db
        .selectFrom('dagger_journal')
        .select(['seq', 'body'])
        .where('run_id', '=', this.#runId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(PAGE)
        .execute();
      for (const { seq, body } of rows) {
        after = seq;
        for (const event of decodeEvents(body))
          if (event.type === 'NodeCompleted')
            this.#seqs[event.n] = Math.max(seq, this.#seqs[event.n] ?? 0);
      }
      if (rows.length < PAGE) break;
    }
    this.#complete = true;
  }
}
