import { ActionRegistry, DagExecutor, waitForInput, type EventHook } from '@dagger/core';
import type { CrashRun, CrashScenario } from '@dagger/testing';

/** Pauses the branch of `publish` when `build` is done. */
const guard = (): EventHook => ({
  name: 'guard',
  events: ['NodeCompleted'],
  handle: (_, event) =>
    event.type === 'NodeCompleted' && event.nodeId === 'build'
      ? [{ type: 'PauseBranch', branchId: 'publish', reason: 'look first' }]
      : [],
});

/** Two people decide: one approves, one rejects; then the paused branch is let go. */
const drive: NonNullable<CrashRun['drive']> = async (executor, begin) => {
  for (;;) {
    const report = await (await begin()).done;
    const { runId, waiting, pausedBranches } = report;
    if (report.status !== 'paused' || waiting.length + pausedBranches.length === 0) return report;
    for (const { nodeId } of waiting) {
      if (nodeId === 'legal') await executor.reject(runId, nodeId, { reason: 'no', by: 'lea' });
      else await executor.approve(runId, nodeId, { by: 'ann', data: { note: nodeId } });
    }
    if (waiting.length > 0) continue;
    for (const { nodeId } of pausedBranches)
      await executor.send(runId, { type: 'ResumeBranch', branchId: nodeId });
  }
};

/** Approvals in parallel branches, a rejection with a failure handler, a wait by a user's own action, and a paused branch. */
export const scenario: CrashScenario = {
  name: 'approval',
  async open({ storage, track }) {
    const registry = new ActionRegistry([
      track({ name: 'work', execute: ({ nodeId }) => ({ by: nodeId }) }),
      track({
        name: 'ask',
        execute: ({ answer, nodeId }) =>
          answer === null
            ? waitForInput({ prompt: `May ${nodeId} go on?` })
            : { said: answer.data },
      }),
    ]);
    const executor = await DagExecutor.open({
      registry,
      storage,
      config: { onFailure: 'continue' },
    });
    executor.add({
      name: 'approval',
      nodes: [
        { id: 'build', action: 'work' },
        { id: 'review', action: 'ask', dependencies: ['build'] },
        { id: 'legal', action: 'ask', dependencies: ['build'], failure: 'work' },
        { id: 'publish', action: 'work', dependencies: ['review'] },
        { id: 'contract', action: 'work', dependencies: ['legal'] },
        { id: 'told', action: 'work', dependencies: ['publish'] },
      ],
    });
    return executor;
  },
  runs: [{ dag: 'approval', runId: 'approval', options: () => ({ hooks: [guard()] }), drive }],
};
