import type { ActionRegistry } from '../actions/registry.ts';
import { commandEvent } from '../coordinator/carry-out.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError } from '../errors.ts';
import { Depths } from '../graph/depth.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { RunEvent } from '../run/events.ts';
import type { RunState } from '../run/state.ts';
import type { RunStatus } from '../run/status.ts';
import { inboxTopic, putCommand } from '../storage/inbox.ts';
import { recover } from '../storage/recover.ts';
import { isOwned, type RunStore } from '../storage/run-store.ts';

/**
 * What became of a command for a run:
 * - `applied`: it is carried out and durable;
 * - `sent`: it is durable, and the process that works on the run takes it up;
 * - `stored`: it is durable, and taken up when the run is resumed.
 */
export type Delivery = 'applied' | 'sent' | 'stored';

/** @throws DaggerError COMMAND_REJECTED when a run with this status takes no commands */
export const mustTakeCommands = (runId: string, status: RunStatus): void => {
  if (status === 'running' || status === 'paused') return;
  throw new DaggerError(
    'COMMAND_REJECTED',
    `run '${runId}' has ended (${status})${status === 'succeeded' ? '' : '; resume it first'}`,
    { ids: { runId } },
  );
};

/** The event of a command that comes from outside while nobody works on the run. @throws DaggerError COMMAND_REJECTED */
export const outsideEvent = (
  command: ExecutorCommand,
  state: RunState,
  config: DagConfig,
  registry: ActionRegistry,
  now: number,
): RunEvent =>
  commandEvent(command, { state, registry, now, limits: config, depths: new Depths() });

/**
 * Leaves a command for a run in storage, after checking it against the run as it stands.
 * @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED
 */
export const leaveCommand = async (
  store: RunStore,
  registry: ActionRegistry,
  runId: string,
  command: ExecutorCommand,
  nonce: string,
): Promise<Delivery> => {
  const loaded = await store.load(runId);
  mustTakeCommands(runId, loaded.row.status as RunStatus);
  const { state } = await recover(store, loaded, undefined);
  outsideEvent(command, state, loaded.config, registry, store.clock.now());
  await putCommand(store, runId, command, nonce);
  await store.storage.notify?.(store.storage.db, inboxTopic(runId)).catch(() => {});
  const row = await store.row(runId);
  return row !== undefined && isOwned(row, store.clock.now()) ? 'sent' : 'stored';
};
