import { ActionRegistry, DagExecutor, type Clock, type Storage } from '@dagger/core';

export interface Work {
  readonly storage: Storage;
  /** Hears what each attempt does, when it does it. */
  readonly note: (line: string) => void;
  /** What the node in the middle does between its begin and its end. */
  readonly hold?: () => Promise<void>;
  readonly clock?: Clock;
}

/** An executor with a graph `g` of three nodes in a row, the one in the middle takes its time; each has one attempt. */
export const openWorker = async ({ storage, note, hold, clock }: Work): Promise<DagExecutor> => {
  const registry = new ActionRegistry([
    {
      name: 'step',
      async execute({ nodeId, attempt, idempotencyKey }) {
        note(`${nodeId} began, attempt ${attempt}, key ${idempotencyKey}`);
        if (nodeId === 'hold') await hold?.();
        note(`${nodeId} ended, attempt ${attempt}`);
      },
    },
  ]);
  const executor = await DagExecutor.open({
    registry,
    storage,
    config: { maxAttempts: 1 },
    ...(clock === undefined ? {} : { clock }),
  });
  executor.add({
    name: 'g',
    nodes: ['before', 'hold', 'after'].map((id, i, all) => ({
      id,
      action: 'step',
      dependencies: i === 0 ? [] : [all[i - 1] as string],
    })),
  });
  return executor;
};
