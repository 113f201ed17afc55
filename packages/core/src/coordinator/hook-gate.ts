import { DaggerError } from '../errors.ts';
import type { ExecutionEvent, NumberedEvent } from '../run/public-events.ts';
import type { HookAnswer, HookLine } from './hook-line.ts';

const START = 'start';

/** What the gate needs of its run. */
export interface HookHost {
  /** How many events of the run are committed. */
  readonly committed: number;
  /** The hooks saw every event up to this sequence number; 0 before they were told of the start. */
  readonly seen: number;
  /** Whether an earlier session asked the hooks at the end already. */
  readonly concluded: boolean;
  /** Whether settled nodes wait for the hooks. */
  readonly awaited: boolean;
  /** Carries out the commands of an answer, to an event if it was asked about one. */
  obey(answer: HookAnswer, about?: ExecutionEvent): void;
  /** The hooks saw every event up to `seq`; with `parts`, of that one only so many public events. */
  markSeen(seq: number, parts?: number): void;
  post(message: () => void): void;
  hookFailed(error: DaggerError): void;
}

/** Shows committed events to the hooks, one at a time, and lets the run go on behind them. */
export class HookGate {
  readonly #hooks: HookLine;
  readonly #host: HookHost;
  #queue: NumberedEvent[];
  #asking = false;
  /** The event that the hooks are looking at. */
  #asked: NumberedEvent | undefined;
  #failed = false;
  #completionAsked = false;

  /** @param unseen events that an earlier session committed and the hooks have not seen */
  constructor(hooks: HookLine, host: HookHost, unseen: readonly NumberedEvent[]) {
    this.#hooks = hooks;
    this.#host = host;
    this.#queue = hooks.length === 0 ? [] : unseen.filter(({ event }) => hooks.wants(event.type));
  }

  get failed(): boolean {
    return this.#failed;
  }

  get unseen(): readonly NumberedEvent[] {
    return this.#asked === undefined ? this.#queue : [this.#asked, ...this.#queue];
  }

  /** Events that wait for the hooks. */
  get backlog(): number {
    return this.#queue.length;
  }

  /** Whether nodes may start: not before the hooks were told of the start, and not after one of them failed. */
  get open(): boolean {
    return this.#hooks.length === 0 || (!this.#failed && this.#host.seen > 0);
  }

  wants(type: string): boolean {
    return this.#hooks.length > 0 && this.#hooks.wants(type);
  }

  get any(): boolean {
    return this.#hooks.length > 0;
  }

  /** Whether the hooks are at work, or committed events wait for them. */
  get busy(): boolean {
    return this.#asking || this.due;
  }

  /** Whether there is something to show, and the hooks are free to look. */
  get due(): boolean {
    if (this.#hooks.length === 0 || this.#failed || this.#asking) return false;
    return this.#queue.length > 0 || this.#host.awaited || this.#host.seen === 0;
  }

  show(numbered: NumberedEvent): void {
    if (this.wants(numbered.event.type)) this.#queue.push(numbered);
  }

  /** Asks the hooks as far as they answer at once; goes on by itself when they do not. */
  ask(): void {
    if (this.#hooks.length === 0 || this.#asking || this.#failed) return;
    /** The last event whose commands were carried out. */
    let obeyed: NumberedEvent | undefined;
    try {
      if (this.#host.seen === 0 && this.#host.committed > 0) {
        const answer = this.#hooks.ask({ kind: 'start' });
        if (answer instanceof Promise) return this.#wait(answer, START);
        this.#host.obey(answer);
        this.#host.markSeen(1);
      }
      for (let i = 0; i < this.#queue.length; i++) {
        const shown = this.#queue[i] as NumberedEvent;
        const answer = this.#hooks.ask({ kind: 'event', event: shown.event });
        if (answer instanceof Promise) {
          // What was obeyed so far commits before the answer comes, and its mark with it.
          if (obeyed !== undefined) this.#mark(this.#queue[i - 1] as NumberedEvent);
          this.#queue = this.#queue.slice(i + 1);
          return this.#wait(answer, shown);
        }
        this.#host.obey(answer, shown.event);
        if (answer.commands.length > 0) obeyed = shown;
      }
      if (this.#queue.length > 0) this.#queue = [];
      if (obeyed !== undefined || this.#host.awaited) this.#allSeen();
    } catch (error) {
      // What was obeyed before the mistake commits with its mark, so that it applies once.
      if (obeyed !== undefined) {
        this.#mark(obeyed);
        this.#queue = this.#queue.slice(this.#queue.indexOf(obeyed) + 1);
      }
      this.#fail(error);
    }
  }

  /** Asks the last question; false when there is nobody to ask, or nothing new since it was asked. */
  askCompletion(success: boolean, settle: (answer: HookAnswer) => boolean): boolean {
    if (this.#hooks.length === 0 || this.#failed || this.#completionAsked || this.#host.concluded)
      return false;
    this.#completionAsked = true;
    this.#asking = true;
    const ask = async (): Promise<HookAnswer> => this.#hooks.ask({ kind: 'complete', success });
    ask().then(
      (answer) =>
        this.#host.post(() => {
          this.#asking = false;
          // New work is a reason to ask again at the next end.
          this.#completionAsked = !settle(answer);
        }),
      (error: unknown) => this.#host.post(() => this.#fail(error)),
    );
    return true;
  }

  /** Nothing that is committed waits to be shown. */
  #allSeen(): void {
    if (this.#host.seen < this.#host.committed) this.#host.markSeen(this.#host.committed);
  }

  #mark({ seq, part }: NumberedEvent): void {
    this.#host.markSeen(seq, part + 1);
  }

  #wait(answer: Promise<HookAnswer>, shown: NumberedEvent | typeof START): void {
    this.#asking = true;
    this.#asked = shown === START ? undefined : shown;
    answer.then(
      (given) =>
        this.#host.post(() => {
          this.#asking = false;
          this.#asked = undefined;
          this.#host.obey(given, shown === START ? undefined : shown.event);
          if (shown === START) this.#host.markSeen(1);
          else this.#mark(shown);
        }),
      (error: unknown) => this.#host.post(() => this.#fail(error)),
    );
  }

  /** What the hooks have not answered stays unseen: they see it when the run goes on. */
  #fail(error: unknown): void {
    this.#asking = false;
    if (this.#asked !== undefined) this.#queue = [this.#asked, ...this.#queue];
    this.#asked = undefined;
    this.#failed = true;
    this.#host.hookFailed(
      error instanceof DaggerError
        ? error
        : new DaggerError('HOOK_FAILED', 'a hook failed', { cause: error }),
    );
  }
}
