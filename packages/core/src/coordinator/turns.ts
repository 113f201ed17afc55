import type { Clock } from '../clock.ts';
import type { RunEvent } from '../run/events.ts';
import type { Beside, MemoWrite, RunJournal } from '../storage/journal.ts';

/** Milliseconds that a run may work without letting timers and I/O have their turn. */
const LONGEST_STRETCH = 12;

/** A microtask by way of a settled promise costs half of one by `queueMicrotask`. */
const microtask: Promise<void> = Promise.resolve();

/** Something to take up at the next turn. */
export type Message<T> = T | (() => void);

/** What happens in a turn. */
export interface TurnWork<T> {
  /** Takes up one message. */
  take(message: T): void;
  /** Decides what follows from the messages. */
  decide(): void;
  /** The events of the turn are durable: starts what may start, tells who wants to know. */
  carryOut(): void;
  /** Nothing is left to take up for now. */
  quiet(): void;
  /** Storage failed, or dagger itself has a mistake. */
  broken(error: unknown): void;
}

/**
 * The loop of a run, run to completion between outside callbacks. A turn takes up what came in, decides, commits the
 * events of the turn as one group, and only then carries out. Without a journal there is nothing to wait for, and a turn
 * begins with the message; with one, everything that arrives in one turn of Node's event loop is gathered first.
 */
export class Turns<T> {
  /** The time of this turn, in milliseconds since the epoch. */
  now: number;
  /** How many events of the run are committed. */
  committed: number;
  readonly #work: TurnWork<T>;
  readonly #clock: Clock;
  readonly #journal: RunJournal | undefined;
  #inbox: Message<T>[] = [];
  #batch: RunEvent[] = [];
  #memos: MemoWrite[] = [];
  #taken: string[] = [];
  #effects: (() => void)[] = [];
  #emitted: number;
  /** Busy until the run begins: what comes before waits. */
  #busy = true;
  #asked = false;
  /** A turn was asked for while one was under way. */
  #wanted = false;
  #over = false;
  #stretchStart: number;
  #passes = 0;

  constructor(work: TurnWork<T>, clock: Clock, journal: RunJournal | undefined, committed: number) {
    this.#work = work;
    this.#clock = clock;
    this.#journal = journal;
    this.committed = committed;
    this.#emitted = committed;
    this.now = clock.now();
    this.#stretchStart = this.now;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether something waits to be taken up. */
  get pending(): boolean {
    return this.#inbox.length > 0 || this.#asked || this.#busy;
  }

  post(message: Message<T>): void {
    this.#inbox.push(message);
    if (!this.#busy) this.ask();
  }

  /** Like `post`, for a message behind which nothing else can come soon: without a journal the turn begins at once. */
  postLast(message: Message<T>): void {
    this.#inbox.push(message);
    if (this.#busy || this.#asked || this.#over) return;
    if (this.#journal === undefined) this.#turn();
    else this.ask();
  }

  /** Takes up the first event, and what came before it. */
  begin(): void {
    this.#busy = false;
    this.ask();
  }

  /** Asks for a turn. */
  ask(): void {
    if (this.#busy) this.#wanted = true;
    if (this.#busy || this.#asked || this.#over) return;
    this.#asked = true;
    // What the same stretch of microtasks (with a journal: the same turn of Node's event loop) brings is taken up together.
    if (this.#journal === undefined) void microtask.then(this.#answer);
    else setImmediate(this.#answer);
  }

  readonly #answer = (): void => {
    this.#asked = false;
    this.#turn();
  };

  /** Puts an event into the group of this turn. */
  record(event: RunEvent): void {
    this.#emitted++;
    if (this.#journal !== undefined) this.#batch.push(event);
  }

  /** Puts a result for later runs into the group of this turn. */
  remember(write: MemoWrite): void {
    this.#memos.push(write);
  }

  /** Takes a message of the inbox off in the commit of this turn. */
  taken(messageId: string): void {
    this.#taken.push(messageId);
  }

  /** Does something once the events of this turn are durable. */
  afterwards(effect: () => void): void {
    this.#effects.push(effect);
  }

  /** Works without turns until `resume` is called; messages wait. */
  suspend(): () => void {
    this.#busy = true;
    return () => {
      this.#busy = false;
      this.ask();
    };
  }

  /** Commits the last group and ends. */
  finish(concluded: () => void): void {
    this.#busy = true;
    const conclude = (): void => {
      try {
        this.#carryOut();
        this.end();
        concluded();
      } catch (error) {
        this.#work.broken(error);
      }
    };
    if (this.#journal === undefined) return conclude();
    this.#journal
      .finish(this.#batch, { memos: this.#memos, taken: this.#taken })
      .then(conclude, (error: unknown) => this.#work.broken(error));
  }

  end(): void {
    this.#over = true;
    this.#inbox = [];
  }

  #turn(): void {
    if (this.#busy || this.#over) return;
    this.#busy = true;
    try {
      do {
        this.now = this.#clock.now();
        this.#drain();
        this.#work.decide();
        const groups = this.#batch.length > 0 || this.#effects.length > 0;
        if (this.#journal !== undefined && groups) return this.#commit(this.#journal);
        this.#carryOut();
        if (this.#journal === undefined && (++this.#passes & 127) === 0 && this.#needsBreath())
          return;
      } while (this.#inbox.length > 0 && !this.#over);
      this.#busy = false;
      if (!this.#over) this.#work.quiet();
    } catch (error) {
      this.#work.broken(error);
    }
  }

  #drain(): void {
    while (this.#inbox.length > 0) {
      const messages = this.#inbox;
      this.#inbox = [];
      for (let i = 0; i < messages.length; i++) {
        const message = messages[i] as Message<T>;
        if (typeof message === 'function') (message as () => void)();
        else this.#work.take(message);
      }
    }
  }

  #commit(journal: RunJournal): void {
    const batch = this.#batch;
    // Without an event there is no group to take messages off with; they wait for the next one.
    const taken = batch.length === 0 ? [] : this.#taken;
    const beside: Beside = { memos: this.#memos, taken };
    this.#batch = [];
    this.#memos = [];
    if (batch.length > 0) this.#taken = [];
    journal.append(batch, beside).then(
      () => {
        if (this.#over) return;
        try {
          this.#carryOut();
          this.#busy = false;
          const wanted = this.#wanted || this.#inbox.length > 0;
          this.#wanted = false;
          if (wanted) this.ask();
          else this.#work.quiet();
        } catch (error) {
          this.#work.broken(error);
        }
      },
      (error: unknown) => this.#work.broken(error),
    );
  }

  #carryOut(): void {
    this.committed = this.#emitted;
    this.#work.carryOut();
    if (this.#effects.length === 0) return;
    const effects = this.#effects;
    this.#effects = [];
    for (const effect of effects) effect();
  }

  /** Lets timers and I/O have their turn when a stretch of work without a pause grows long. */
  #needsBreath(): boolean {
    if (this.now - this.#stretchStart < LONGEST_STRETCH) return false;
    setImmediate(() => {
      this.#stretchStart = this.#clock.now();
      this.#busy = false;
      this.#turn();
    });
    return true;
  }
}
