import type { Cache } from '../cache/cache.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { RunReport } from '../run/report.ts';
import type { NumberedEvent } from '../run/public-events.ts';
import type { RunState } from '../run/state.ts';

/** What an executor without storage remembers of a run. */
export interface Session {
  readonly graph: Graph;
  readonly config: DagConfig;
  readonly state: RunState;
  readonly cache: Cache;
  /** Absent while the run is under way. */
  report: RunReport | undefined;
  /** What the hooks had not been shown when it ended. */
  unseen: readonly NumberedEvent[];
}

/** Ended runs that are remembered, and their nodes in all. */
const MOST_RUNS = 32;
const MOST_NODES = 200_000;

/** The runs of an executor without storage; of the ended ones the latest, as far as they are small enough. */
export class Sessions {
  readonly #byId: Map<string, Session> = new Map();
  #nodes = 0;
  #ended = 0;

  get(runId: string): Session | undefined {
    return this.#byId.get(runId);
  }

  /** @throws DaggerError RUN_UNKNOWN */
  known(runId: string): Session {
    const session = this.#byId.get(runId);
    if (session === undefined)
      throw new DaggerError(
        'RUN_UNKNOWN',
        `there is no run '${runId}' in the memory of this executor`,
        { ids: { runId } },
      );
    return session;
  }

  entries(): IterableIterator<[string, Session]> {
    return this.#byId.entries();
  }

  open(runId: string, session: Session): void {
    this.#byId.delete(runId);
    this.#byId.set(runId, session);
  }

  /** Notes that a run ended, and forgets the oldest ended ones that are too many. */
  ended(session: Session, report: RunReport): void {
    session.report = report;
    this.#nodes += session.state.nodeCount;
    this.#ended++;
    for (const [runId, old] of this.#byId) {
      if (this.#nodes <= MOST_NODES && this.#ended <= MOST_RUNS) return;
      if (old.report === undefined || old === session) continue;
      this.#nodes -= old.state.nodeCount;
      this.#ended--;
      this.#byId.delete(runId);
    }
  }

  /** Notes that an ended run goes on. */
  reopened(session: Session): void {
    if (session.report !== undefined) {
      this.#nodes -= session.state.nodeCount;
      this.#ended--;
    }
    session.report = undefined;
  }
}
