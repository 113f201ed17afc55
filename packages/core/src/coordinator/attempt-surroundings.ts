import type { WaitAnswer } from '../actions/answer.ts';
import type { DependencyOutcome } from '../actions/context.ts';
import type { Logger } from '../actions/logger.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import type { RunIdentity } from '../run/public-events.ts';
import type { RunState } from '../run/state.ts';
import { Status } from '../run/status.ts';
import type { AttemptHost, NodeAttempt } from './attempt.ts';
import { dependencyOutcomes } from './dependency-outcomes.ts';
import { EventStream } from './event-stream.ts';
import type { Turns } from './turns.ts';

export interface AttemptSurroundingsOptions {
  readonly identity: RunIdentity;
  readonly state: RunState;
  readonly cache: Cache;
  readonly turns: Turns<NodeAttempt>;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly appData: unknown;
  readonly maxOutputBytes: number | null;
}

/** The run as its attempts see it. */
export class AttemptSurroundings implements AttemptHost {
  readonly runId: string;
  readonly dagName: string;
  readonly cache: Cache;
  readonly appData: unknown;
  readonly logger: Logger;
  readonly maxOutputBytes: number | null;
  readonly #state: RunState;
  readonly #turns: Turns<NodeAttempt>;
  readonly #events: EventStream;
  readonly #clock: Clock;

  constructor(options: AttemptSurroundingsOptions) {
    this.runId = options.identity.runId;
    this.dagName = options.identity.dagName;
    this.cache = options.cache;
    this.appData = options.appData;
    this.logger = options.logger;
    this.maxOutputBytes = options.maxOutputBytes;
    this.#state = options.state;
    this.#turns = options.turns;
    this.#events = options.events;
    this.#clock = options.clock;
  }

  nodeIdOf(n: number): string {
    return this.#state.topology.idOf(n);
  }

  answerOf(n: number): WaitAnswer | null {
    return this.#state.notes.get(n)?.answer ?? null;
  }

  dependenciesOf(n: number): readonly DependencyOutcome[] {
    return dependencyOutcomes(this.#state, n);
  }

  attemptEnded(attempt: NodeAttempt): void {
    // With no other attempt under way there is nothing to wait for: the turn begins at once.
    if (this.#state.count(Status.RUNNING) === 1) this.#turns.postLast(attempt);
    else this.#turns.post(attempt);
  }

  reportProgress(n: number, attempt: number, fraction: number, message: string | null): void {
    if (!this.#events.watched || this.#turns.over) return;
    const { runId, dagName } = this;
    EventStream.emit(this.#events, {
      type: 'NodeProgress',
      runId,
      dagName,
      at: this.#clock.now(),
      nodeId: this.nodeIdOf(n),
      attempt,
      fraction,
      message,
    });
  }
}
