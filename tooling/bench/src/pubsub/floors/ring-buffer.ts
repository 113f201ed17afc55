import { deferred, type Deferred } from '../../deferred.ts';
import { payloadOf, type BusContender, type Handle, type Payload } from '../contender.ts';

/** The least that a bounded bus does: a ring for each subscriber, a loop that awaits its handler, a publisher that waits for room. */
export const ringBuffer: BusContender = {
  name: 'ring buffer',

  async open({ subscribers, capacity, handle }) {
    const rings = Array.from({ length: subscribers }, (_, i) => new Ring(i, capacity, handle));
    const ended = Promise.all(rings.map((ring) => ring.run()));
    return {
      stream: async (first, messages) => {
        for (let n = first; n < first + messages; n += 1) {
          const payload = payloadOf(n);
          for (const ring of rings) {
            if (ring.isFull) await ring.room();
            ring.push(payload);
          }
        }
      },
      burst: (first, messages) => {
        for (let n = first; n < first + messages; n += 1) {
          const payload = payloadOf(n);
          for (const ring of rings) ring.push(payload);
        }
      },
      close: () => {
        for (const ring of rings) ring.close();
        return ended;
      },
    };
  },
};

class Ring {
  readonly #subscriber: number;
  readonly #items: (Payload | undefined)[];
  readonly #handle: Handle;
  #first = 0;
  #length = 0;
  #isClosed = false;
  #wake: Deferred<void> | undefined;
  #room: Deferred<void> | undefined;

  constructor(subscriber: number, capacity: number, handle: Handle) {
    this.#subscriber = subscriber;
    this.#items = Array.from({ length: capacity });
    this.#handle = handle;
  }

  get isFull(): boolean {
    return this.#length === this.#items.length;
  }

  room(): Promise<void> {
    this.#room ??= deferred();
    return this.#room.promise;
  }

  push(payload: Payload): void {
    if (this.isFull) throw new Error('the ring is full');
    this.#items[(this.#first + this.#length) % this.#items.length] = payload;
    this.#length += 1;
    this.#wake?.resolve();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.resolve();
  }

  async run(): Promise<void> {
    for (;;) {
      const payload = this.#shift();
      if (payload !== undefined) await this.#handle(this.#subscriber, payload);
      else if (this.#isClosed) return;
      else {
        this.#wake = deferred();
        await this.#wake.promise;
        this.#wake = undefined;
      }
    }
  }

  #shift(): Payload | undefined {
    if (this.#length === 0) return undefined;
    const payload = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#items.length;
    this.#length -= 1;
    if (this.#room !== undefined) {
      this.#room.resolve();
      this.#room = undefined;
    }
    return payload;
  }
}
