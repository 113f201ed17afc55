import { ActionRegistry, DagExecutor, defineSupervisor } from '@dagger/core';
import type { CrashScenario } from '@dagger/testing';

/** A planner that plans twice, once with a node that fails, and is reviewed by a person. */
const supervisor = defineSupervisor({
  plan: ({ iteration, results, failures }) => {
    if (iteration === 1)
      return {
        nodes: [
          { id: 'look', action: 'work' },
          { id: 'break', action: 'broken' },
        ],
        instructions: [{ action: 'human_review' }],
      };
    if (iteration === 2) return { nodes: [{ id: 'mend', action: 'work', deps: ['look'] }] };
    return {
      done: true,
      outputs: { found: Object.keys(results).length, failed: failures.length },
    };
  },
});

/** A flow that grows from a task alone: no plan is lost, none is carried out twice. */
export const scenario: CrashScenario = {
  name: 'supervised flow',
  async open({ storage, track }) {
    const registry = new ActionRegistry([
      track({ name: 'work', execute: ({ nodeId }) => ({ by: nodeId }) }),
      track({
        name: 'broken',
        execute: () => {
          throw new Error('broken');
        },
      }),
    ]);
    const executor = await DagExecutor.open({
      registry,
      storage,
      supervisor,
      config: { maxAttempts: 1 },
    });
    const inputs = [{ name: 'task', value: 'look around' }];
    executor.add({
      name: 'flow',
      nodes: [{ id: 'supervisor_1', action: 'supervisor_step', inputs }],
    });
    return executor;
  },
  runs: [
    {
      dag: 'flow',
      runId: 'flow',
      async drive(executor, begin) {
        for (;;) {
          const report = await (await begin()).done;
          if (report.status !== 'paused' || report.waiting.length === 0) return report;
          for (const { nodeId } of report.waiting) await executor.answer('flow', nodeId, 'go on');
        }
      },
    },
  ],
};
