import type { ActionRegistry } from '../actions/registry.ts';
import { commandEvent } from '../coordinator/carry-out.ts';
import { rejection } from '../coordinator/rejection.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError } from '../errors.ts';
import { Depths } from '../graph/depth.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { RunEvent } from '../run/events.ts';
import type { RunState } from '../run/state.ts';
import type { RunStatus } from '../run/status.ts';
import { databaseInbox, inboxTopic, putCommand } from '../storage/inbox.ts';
import { readRun } from '../storage/recover.ts';
import type { LoadedRun, RunStore } from '../storage/run-store.ts';
import { followDelivery, mustTakeCommands, type Delivery } from './delivery.ts';

/** The event of a command that comes from outside while nobody works on the run. @throws DaggerError COMMAND_REJECTED */
export const outsideEvent = (
  command: ExecutorCommand,
  state: RunState,
  config: DagConfig,
  registry: ActionRegistry,
  now: number,
): RunEvent =>
  commandEvent(command, { state, registry, now, limits: config, depths: new Depths() });

/** Folds the event of a command into the state of a run that nobody works on, with what follows from it at once. */
export const applyOutside = (event: RunEvent, state: RunState, runId: string): void => {
  state.apply(event);
  if (event.type === 'InputGiven' && state.isRejected(event.n))
    state.apply(rejection(runId, state, event.n, event.at));
};

/**
 * The state of a run with the commands that wait for it, as far as they can be carried out: a command is judged by what
 * the run will be when its turn comes.
 */
const expected = async (
  store: RunStore,
  registry: ActionRegistry,
  { row, config, ...rest }: LoadedRun,
): Promise<RunState> => {
  const { state } = await readRun(store, { row, config, ...rest });
  for (const { command } of await databaseInbox(store, row.id).read()) {
    try {
      const event = outsideEvent(command, state, config, registry, store.clock.now());
      applyOutside(event, state, row.id);
    } catch (error) {
      if (!(error instanceof DaggerError)) throw error;
    }
  }
  return state;
};

/**
 * Leaves a command for a run in storage, after checking it against the run as it stands.
 * @param waitMs how long to wait until the process that works on the run has taken it up
 * @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED, STORAGE_FAILED when it is open whether the run has the command
 */
export const leaveCommand = async (
  store: RunStore,
  registry: ActionRegistry,
  runId: string,
  command: ExecutorCommand,
  { nonce, waitMs }: { readonly nonce: string; readonly waitMs: number },
): Promise<Delivery> => {
  const loaded = await store.load(runId);
  mustTakeCommands(runId, loaded.row.status as RunStatus);
  const state = await expected(store, registry, loaded);
  outsideEvent(command, state, loaded.config, registry, store.clock.now());
  const id = await putCommand(store, runId, command, nonce);
  await store.storage.notify?.(store.storage.db, inboxTopic(runId)).catch(() => {});
  try {
    return await followDelivery(store, runId, id, waitMs);
  } catch (error) {
    throw store.failureOf(runId, error);
  }
};
