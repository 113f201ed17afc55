import { DaggerError } from '../errors.ts';
import { SUPERVISOR_STEP } from '../graph/topology.ts';
import type { EventHook, HookCommands, RunView } from '../hooks/hook.ts';
import type { JsonObject } from '../json.ts';
import type { ExecutorCommand, NodeSpecData } from '../run/commands.ts';
import type { ExecutionEvent } from '../run/public-events.ts';
import { INFO_RETRIEVAL, INSTRUCTIONS, INVALID_INSTRUCTIONS } from './instruction.ts';
import { nodesAfter } from './next-step.ts';
import { withoutPlan } from './refused-plan.ts';
import { PROGRESS, type FlowProgress, type StepDecision } from './step-notes.ts';

const NAME = 'dagger.supervisor';

const add = (specs: readonly NodeSpecData[]): ExecutorCommand => ({ type: 'AddNodes', specs });

/**
 * Turns what the steps of a supervisor decided into nodes. It remembers nothing: all it needs is in the events and in the
 * run, so that after a crash another process does the same, and each plan is carried out once.
 */
export const stepHook: EventHook = Object.freeze({
  name: NAME,
  events: ['NodeCompleted', 'CommandRejected'],
  handle({ run }, event): HookCommands {
    switch (event.type) {
      case 'NodeCompleted':
        return afterStep(run, event.nodeId, event.outcome.metadata);
      case 'CommandRejected':
        return event.by === NAME ? afterRefusal(event) : undefined;
      default:
        return undefined;
    }
  },
  onComplete: ({ run }): HookCommands => lateInstructions(run),
} satisfies EventHook);

const afterStep = (run: RunView, nodeId: string, metadata: JsonObject | null): HookCommands => {
  const decided = metadata?.['supervisor'];
  if (decided === undefined) return undefined;
  const step = run.nodeOf(nodeId);
  if (step?.action !== SUPERVISOR_STEP) return undefined;
  const decision = decided as unknown as StepDecision;
  if (decision.done) return undefined;
  const canRetrieve = run.knowsAction(INFO_RETRIEVAL);
  const possible = decision.instructions.filter(
    ({ action }) => canRetrieve || action !== 'retrieve_info',
  );
  const refusals = decision.instructions
    .filter((instruction) => !possible.includes(instruction))
    .map(({ key, ...instruction }): ExecutorCommand => ({
      type: 'UpdateCache',
      namespace: INVALID_INSTRUCTIONS,
      key,
      value: { instruction, problem: `no action named '${INFO_RETRIEVAL}' is registered` },
    }));
  return [...refusals, add(nodesAfter(run, step, { ...decision, instructions: possible }))];
};

/** The planner's nodes do not fit: it gets to know why, and may mend its plan. */
const afterRefusal = (
  event: ExecutionEvent & { readonly type: 'CommandRejected' },
): HookCommands => {
  const command = event.command as unknown as ExecutorCommand;
  if (command.type !== 'AddNodes') return undefined;
  const kept = withoutPlan(command.specs, event.error.message);
  if (kept === undefined)
    throw new DaggerError(
      event.error.code,
      `the next iteration cannot be added: ${event.error.message}`,
    );
  return [add(kept)];
};

/** Instructions that came while the planner said that it is done: it is asked once more. */
const lateInstructions = (run: RunView): HookCommands => {
  const queue = run.shared(INSTRUCTIONS);
  if (queue.length === 0) return undefined;
  for (const [flow, value] of run.shared(PROGRESS)) {
    const { step: id, iteration, done, taken } = value as unknown as FlowProgress;
    const step = run.nodeOf(id);
    if (!done || step === undefined || queue.every(([key]) => taken.includes(key))) continue;
    const decision = { iteration, flow, done, nodes: [], instructions: [], problem: null, taken };
    return [add(nodesAfter(run, step, decision))];
  }
  return undefined;
};
