import type { Message } from '@dagger/pubsub';
import type { Processor } from './open-processor.ts';
import type { Bulletin } from './schemas.ts';

/** What a person says of a bulletin: null lets it through, a text is the reason why not. */
export type Decide = (bulletin: Bulletin) => string | null | Promise<string | null>;

/** A person in a hurry: a location with so few stations around it is not for the public. */
export const byRule: Decide = ({ gap }) =>
  gap !== null && gap > 180 ? `the stations leave a gap of ${gap} degrees` : null;

/** Whoever looks at bulletins before they go out. Others may decide too; the first decision counts. */
export class Desk {
  readonly #processor: Processor;
  readonly #decide: Decide;
  readonly #seen: Set<string> = new Set();
  /** One after the other, as people do. */
  #work: Promise<void> = Promise.resolve();

  constructor(processor: Processor, decide: Decide = byRule) {
    this.#processor = processor;
    this.#decide = decide;
    processor.bus.events.subscribe((event) => {
      if (event.type === 'ReviewRequested') this.#look(event.message);
    });
  }

  #look(message: Message): void {
    if (this.#seen.has(message.id)) return;
    this.#seen.add(message.id);
    const work = this.#work.then(async () => {
      const { bus } = this.#processor;
      const reason = await this.#decide(message.payload as Bulletin);
      // It was let through meanwhile, or its bus was closed.
      if (!(await bus.reviews()).some(({ message: { id } }) => id === message.id)) return;
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
      // Also those that waited already when this process began.
      for (const { message } of await bus.reviews()) this.#look(message);
      await this.#work;
      open = (await bus.reviews()).length > 0;
    }
    await bus.idle();
  }
}
