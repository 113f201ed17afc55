import type { RunEvent } from '../run/events.ts';
import { publicEvents, type NumberedEvent, type RunIdentity } from '../run/public-events.ts';
import type { RunState } from '../run/state.ts';
import { EventStream } from './event-stream.ts';
import type { HookGate } from './hook-gate.ts';

/** What watchers and hooks are told of a turn, once its events are durable. */
export class Tidings {
  readonly #identity: RunIdentity;
  readonly #state: RunState;
  readonly #events: EventStream;
  readonly #gate: HookGate;
  #untold: NumberedEvent[] = [];

  constructor(identity: RunIdentity, state: RunState, events: EventStream, gate: HookGate) {
    this.#identity = identity;
    this.#state = state;
    this.#events = events;
    this.#gate = gate;
  }

  /** Notes the event that the state has just folded, if somebody wants to know of it. */
  note(event: RunEvent): void {
    const gate = this.#gate;
    if (
      !this.#events.watched &&
      (!gate.any || (this.#state.consequences.length === 0 && !gate.wants(event.type)))
    )
      return;
    for (const told of publicEvents(this.#identity, this.#state, event)) this.#untold.push(told);
  }

  /** Tells what was noted. */
  tell(): void {
    if (this.#untold.length === 0) return;
    const untold = this.#untold;
    this.#untold = [];
    for (const told of untold) {
      EventStream.emit(this.#events, told.event);
      this.#gate.show(told);
    }
  }
}
