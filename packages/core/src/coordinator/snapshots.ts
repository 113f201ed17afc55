/** Fewer new events than this are read as fast as a snapshot of them. */
const LEAST_EVENTS = 5_000;

/** Takes a snapshot of a run now and then, so that going on after a crash need not read everything from the beginning. */
export class Snapshots {
  readonly #interval: number;
  readonly #save: () => Promise<unknown>;
  #seq: number;
  #at: number;
  #saving = false;

  /**
   * @param interval milliseconds between two
   * @param save takes and writes one; what it throws is forgotten, since the journal has everything
   */
  constructor(
    interval: number,
    from: { readonly seq: number; readonly at: number },
    save: () => Promise<unknown>,
  ) {
    this.#interval = interval;
    this.#seq = from.seq;
    this.#at = from.at;
    this.#save = save;
  }

  /** Called when every event up to `seq` is durable. */
  committed(seq: number, now: number): void {
    if (seq - this.#seq < LEAST_EVENTS || now - this.#at < this.#interval || this.#saving) return;
    this.#seq = seq;
    this.#at = now;
    this.#saving = true;
    this.#save()
      .catch(() => {})
      .finally(() => (this.#saving = false));
  }
}
