import type { Logger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import type { DagConfig } from '../config/model.ts';
import type { EventHook } from '../hooks/hook.ts';
import type { Ids } from '../ids.ts';
import type { NumberedEvent, RunIdentity } from '../run/public-events.ts';
import type { RunState } from '../run/state.ts';
import type { Inbox } from '../storage/inbox.ts';
import type { MemoStore, RunJournal } from '../storage/journal.ts';
import type { RunSnapshot, SavedSnapshot } from '../storage/snapshots.ts';
import type { StartOrder } from './start-order.ts';

/** What a session of a run works with. */
export interface LiveRunOptions {
  readonly identity: RunIdentity;
  readonly state: RunState;
  readonly cache: Cache;
  readonly config: DagConfig;
  /** Nodes at the same time. */
  readonly slots: number;
  readonly order: StartOrder;
  readonly registry: ActionRegistry;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly appData: unknown;
  readonly hooks: readonly EventHook[];
  readonly eventCapacity: number;
  readonly commandCapacity: number;
  readonly journal: RunJournal | undefined;
  /** Commands from other processes; absent without storage. */
  readonly inbox: Inbox | undefined;
  readonly memo: MemoStore | undefined;
  /** Writes a snapshot of the run; absent without storage. */
  readonly saveSnapshot: ((snapshot: RunSnapshot) => Promise<SavedSnapshot>) | undefined;
  /** Events that an earlier session committed and the hooks have not seen. */
  readonly unseen: readonly NumberedEvent[];
}
