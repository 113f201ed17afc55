import type { Clock, Storage } from '@dagger/core';
import type { TraceEntry } from '../trace/entry.ts';
import { readDeadLetters, type DeadLetter, type DeadLetterFilter } from './dead-letters.ts';
import { readGroupStatus, type GroupStatus } from './group-status.ts';
import { readDetails, type MessageDetails } from './message-details.ts';
import { readChannels, type StoredChannel } from './stored-channel.ts';
import { readTrace } from './stored-trace.ts';

/**
 * Looks at the channels of a database, whoever uses them; it changes nothing.
 * @throws DaggerError BUS_CLOSED, from each method once the transport is closed
 */
export class Inspection {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #mustBeOpen: () => void;

  /** @internal */
  constructor(storage: Storage, clock: Clock, mustBeOpen: () => void) {
    this.#storage = storage;
    this.#clock = clock;
    this.#mustBeOpen = mustBeOpen;
  }

  /** Everything that is known of a message, by its id or its offset; undefined where there is none. */
  async message(which: string | number): Promise<MessageDetails | undefined> {
    this.#mustBeOpen();
    return readDetails(this.#storage, which);
  }

  /**
   * The messages of a causal tree, whoever published and handled them, with the attempts at each; those under way stand under the
   * name of the group, with the time of the message.
   */
  async trace(correlationId: string): Promise<readonly TraceEntry[]> {
    this.#mustBeOpen();
    return readTrace(this.#storage, correlationId);
  }

  /** Dead letters, the latest first unless asked otherwise. @throws DaggerError CHANNEL_INVALID, CONFIG_INVALID */
  async deadLetters(filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    this.#mustBeOpen();
    return readDeadLetters(this.#storage, filter);
  }

  /** All groups with how far they are, by their names. */
  async groups(): Promise<readonly GroupStatus[]> {
    this.#mustBeOpen();
    return readGroupStatus(this.#storage, this.#clock.now());
  }

  /** The channels that have messages, by their names. */
  async channels(): Promise<readonly StoredChannel[]> {
    this.#mustBeOpen();
    return readChannels(this.#storage);
  }
}
