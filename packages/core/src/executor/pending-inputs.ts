import type { ExecutorCommand } from '../run/commands.ts';
import type { RunState } from '../run/state.ts';
import { isSettled } from '../run/status.ts';
import type { InboxMessage } from '../storage/inbox.ts';

/** A command for a run whose time has not come. */
export interface PendingInput {
  readonly command: ExecutorCommand;
  /** ISO 8601; null when the run has taken it up and keeps it until the node asks. */
  readonly sentAt: string | null;
}

/** What a run keeps for questions to come, then what waits in its inbox; each the oldest first. */
export const pendingInputs = (
  state: RunState,
  messages: readonly InboxMessage[],
): PendingInput[] => {
  const pending: PendingInput[] = [];
  for (const [n, inputs] of state.waits.early()) {
    if (isSettled(state.status[n] as number)) continue;
    for (const { decision, data, reason, by } of inputs)
      pending.push({
        command: {
          type: 'GiveInput',
          nodeId: state.topology.idOf(n),
          decision,
          ...(data === null ? {} : { data }),
          ...(reason === null ? {} : { reason }),
          ...(by === null ? {} : { by }),
        },
        sentAt: null,
      });
  }
  for (const { command, at } of messages)
    pending.push({ command, sentAt: new Date(at).toISOString() });
  return pending;
};
