import type { Message } from '@dagger/pubsub';
import type { Processor } from './open-processor.ts';
import type { Alert, Bulletin } from './schemas.ts';
import { stored } from './stored.ts';

/** What a person says of a bulletin: null lets it through, a text is the reason why not. */
export type Decide = (bulletin: Bulletin) => string | null | Promise<string | null>;

/** A person in a hurry: a location with so few stations around it is not for the public. */
export const byRule: Decide = ({ gap }) =>
  gap !== null && gap > 180 ? `the stations leave a gap of ${gap} degrees` : null;

/** Whoever looks at bulletins before they go out. Others may decide too; the first decision counts. */
export class Desk {
  readonly #processor: Processor;
  readonly #decide: Decide;
  /** One after the other, as people do. */
  #work: Promise<void> = Promise.resolve();

  constructor(processor: Processor, decide: Decide = byRule) {
    this.#processor = processor;
    this.#decide = decide;
    for (const { message } of processor.bus.reviews()) this.#look(message);
    processor.bus.events.subscribe((event) => {
      if (event.type === 'ReviewRequested') this.#look(event.message);
    });
  }

  #look(message: Message): void {
    const work = this.#work.then(async () => {
      const { bus } = this.#processor;
      const reason = await this.#decide(message.payload as Bulletin);
      // It was let through meanwhile, or its bus was closed.
      if (!bus.reviews().some(({ message: { id } }) => id === message.id)) return;
      if (reason === null) await bus.approve(message.id);
      else await bus.reject(message.id, reason);
    });
    // `settled` throws it.
    work.catch(() => {});
    this.#work = work;
  }

  /** Resolves when all events are handled and all bulletins decided. @throws what a decision throws */
  async settled(): Promise<void> {
    const { bus } = this.#processor;
    for (let open = true; open;) {
      await bus.idle();
      await this.#work;
      const lost = await this.#lost();
      for (const bulletin of lost) await bus.publish('bulletin', bulletin);
      open = lost.length > 0 || bus.reviews().length > 0;
    }
    await bus.idle();
  }

  /** Bulletins that nobody has decided and nobody waits for: what waits for a person is in the memory of a process. */
  async #lost(): Promise<readonly Bulletin[]> {
    const { bus, transport } = this.#processor;
    const known = new Set(
      bus.reviews().map(({ message }) => (message.payload as Bulletin).alertId),
    );
    for (const channel of ['bulletin', 'dead.bulletin'])
      for await (const { payload } of stored<Bulletin>(transport, channel))
        known.add(payload.alertId);
    const lost: Bulletin[] = [];
    for await (const { id, payload } of stored<Alert>(transport, 'alert.*'))
      if (!known.has(id)) lost.push({ ...payload, alertId: id });
    return lost;
  }
}
