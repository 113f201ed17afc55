import { DaggerError } from '../errors.ts';
import type { RunStatus } from '../run/status.ts';
import { isInInbox, withdraw } from '../storage/inbox.ts';
import { isOwned, unknownRun, type RunStore } from '../storage/run-store.ts';

/**
 * What became of a command for a run:
 * - `applied`: it is carried out and durable;
 * - `sent`: it is durable, and the process that works on the run takes it up;
 * - `stored`: it is durable, and taken up when the run is resumed.
 */
export type Delivery = 'applied' | 'sent' | 'stored';

/** Milliseconds between two looks at what became of a command. */
const LOOK = 100;

/** @throws DaggerError COMMAND_REJECTED when a run with this status takes no commands */
export const mustTakeCommands = (runId: string, status: RunStatus): void => {
  if (status === 'running' || status === 'paused') return;
  throw new DaggerError(
    'COMMAND_REJECTED',
    `run '${runId}' has ended (${status})${status === 'succeeded' ? '' : '; resume it first'}`,
    { ids: { runId } },
  );
};

/** @throws DaggerError COMMAND_REJECTED when the run refused what a message brought */
const mustNotBeRefused = async (store: RunStore, runId: string, id: string): Promise<void> => {
  for await (const group of store.events(runId))
    for (const event of group)
      if (event.type === 'CommandRejected' && event.message === id)
        throw new DaggerError('COMMAND_REJECTED', event.error.message, { ids: { runId } });
};

/**
 * Says what became of a message in the inbox of a run.
 * @param waitMs how long to wait while the process that works on the run has not taken it up
 * @throws DaggerError COMMAND_REJECTED when the run refused it, or had ended before it came; RUN_UNKNOWN when it was deleted
 */
export const followDelivery = async (
  store: RunStore,
  runId: string,
  id: string,
  waitMs: number,
): Promise<Delivery> => {
  const { clock } = store;
  const until = clock.now() + waitMs;
  for (;;) {
    const row = await store.row(runId);
    if (!(await isInInbox(store, id))) {
      await mustNotBeRefused(store, runId, id);
      // Deleting a run deletes what waits for it too.
      if ((await store.row(runId)) === undefined) throw unknownRun(runId, store.storage);
      return 'applied';
    }
    if (row === undefined || !isOwned(row, clock.now())) {
      const status = row?.status as RunStatus;
      if (status === 'running' || status === 'paused') return 'stored';
      // The run ended before it could look: what nobody will read must not wait for a later session.
      if (await withdraw(store, runId, id)) mustTakeCommands(runId, status);
      continue;
    }
    const left = until - clock.now();
    if (left <= 0) return 'sent';
    await new Promise<void>((resolve) => void clock.after(Math.min(LOOK, left), resolve));
  }
};
