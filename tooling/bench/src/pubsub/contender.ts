/** What everybody carries, and the schema of dagger checks. */
export type Payload = { readonly n: number; readonly kind: string; readonly paid: boolean };

export const payloadOf = (n: number): Payload => ({ n, kind: 'order', paid: n % 2 === 0 });

/** The work of a subscriber, the same for everybody. */
export type Handle = (subscriber: number, payload: Payload) => Promise<void>;

export interface Setup {
  readonly subscribers: number;
  /** Messages that may wait for one subscriber. */
  readonly capacity: number;
  /** The most that `burst` is asked for at a time; 0: only `stream` is used. */
  readonly backlog: number;
  readonly handle: Handle;
}

/**
 * One bus in the comparison, by its public API. Each subscriber gets each message, and handles one at a time, in the order in which
 * they were published. Messages are numbered: a publisher makes them by `payloadOf`, from `first` on.
 */
export interface Bus {
  /** Publishes as quickly as the subscribers let it: at most `capacity` messages wait for one of them. */
  readonly stream: (first: number, messages: number) => Promise<void>;
  /** Publishes so many, with none of them awaited, so that all but the first of them wait for the handler. */
  readonly burst: (first: number, messages: number) => void;
  /** Resolves when the bus, too, knows that everything is done. */
  readonly idle?: () => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

export interface BusContender {
  readonly name: BusName;
  /** @throws NotPossible for what it cannot do at all, with the reason */
  readonly open: (setup: Setup) => Promise<Bus>;
}

export type BusName =
  | 'dagger'
  | 'dagger, schema'
  | 'dagger, traced'
  | 'ring buffer'
  | 'rxjs'
  | 'effect'
  | 'effect, takeAll'
  | 'moleculer, emit'
  | 'moleculer, broadcast';
