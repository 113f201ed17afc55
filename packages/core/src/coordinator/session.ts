import type { ActionRegistry } from '../actions/registry.ts';
import type { Cache } from '../cache/cache.ts';
import type { DagConfig } from '../config/model.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { Ids } from '../ids.ts';
import type { RunEvent } from '../run/events.ts';
import type { RunState } from '../run/state.ts';
import type { RunJournal } from '../storage/journal.ts';
import type { NodeAttempt } from './attempt.ts';
import type { Attempts } from './attempts.ts';
import type { Lookups } from './lookups.ts';
import type { StartOrder } from './start-order.ts';
import type { Timers } from './timers.ts';
import type { Turns } from './turns.ts';

/** What the parts of a live run share. */
export interface Session {
  readonly runId: string;
  readonly dagName: string;
  readonly state: RunState;
  readonly cache: Cache;
  readonly config: DagConfig;
  /** Nodes at the same time. */
  readonly slots: number;
  readonly registry: ActionRegistry;
  readonly ids: Ids;
  readonly journal: RunJournal | undefined;
  readonly turns: Turns<NodeAttempt>;
  readonly timers: Timers;
  readonly attempts: Attempts;
  readonly lookups: Lookups;
  readonly order: StartOrder;
  /** Folds an event into the state and puts it into the group of this turn. */
  emit(event: RunEvent): void;
  /** Being stopped, in contrast to a halt that lets running nodes end in peace. */
  isStopping(): boolean;
  /** Calls `then` after whatever other processes have sent by now has arrived. */
  inTime(then: () => void): void;
}

export const definitionOf = (state: RunState, n: number): NodeDefinition =>
  state.topology.definitions[n] as NodeDefinition;
