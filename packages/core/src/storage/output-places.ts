import type { JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import { readBlob } from './blobs.ts';
import { decodeEvents } from './codec.ts';
import { attached, type StoredEvent } from './references.ts';
import type { Storage } from './storage.ts';

/** Journal rows read at a time. */
const PAGE = 1_000;

/**
 * Where in the journal of a run the outputs of each node are, so that loading them again costs one row. Only a cache with
 * limits asks; so the places are learned when it first does, and noted from then on.
 */
export class OutputPlaces {
  readonly #storage: Storage;
  readonly #runId: string;
  /** By the number of a node: the sequence number of the group that has its completion. */
  readonly #seqs: Map<number, number> = new Map();
  #learned: Promise<void> | undefined;

  constructor(storage: Storage, runId: string) {
    this.#storage = storage;
    this.#runId = runId;
  }

  /** Notes a group that is in the journal at `seq`. */
  note(events: readonly RunEvent[], seq: number): void {
    if (this.#learned === undefined) return;
    for (const event of events) if (event.type === 'NodeCompleted') this.#seqs.set(event.n, seq);
  }

  /** @throws DaggerError STORAGE_FAILED */
  async outputsOf(n: number): Promise<JsonObject | undefined> {
    this.#learned ??= this.#learn().catch((error: unknown) => {
      this.#learned = undefined;
      throw error;
    });
    await this.#learned;
    const seq = this.#seqs.get(n);
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
            this.#seqs.set(event.n, Math.max(seq, this.#seqs.get(event.n) ?? 0));
      }
      if (rows.length < PAGE) return;
    }
  }
}
