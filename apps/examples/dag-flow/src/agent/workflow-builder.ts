import type { EventHook, InputField, NodeSpecData } from '@dagger/core';
import { steps, type Step } from './plan.ts';

/**
 * Grows the run by the nodes of a plan as soon as the planner is done: a tool where a step needs one, the step, and at
 * the end a check of the result. The ids follow from the plan alone, so that seeing the event again after a crash asks
 * for the same nodes.
 */
export const workflowBuilder: EventHook = {
  name: 'workflow-builder',
  events: ['NodeCompleted'],
  handle(_ctx, event) {
    if (event.type !== 'NodeCompleted' || event.nodeId !== 'planner') return;
    const plan = steps.parse(event.outcome.outputs['steps']);
    return [{ type: 'AddNodes', specs: nodesOf(plan) }];
  },
};

/** One command for all of them: the run gets the whole plan or none of it. */
const nodesOf = (plan: readonly Step[]): NodeSpecData[] => {
  const specs: NodeSpecData[] = [];
  let previous = 'planner';
  plan.forEach((step, i) => {
    const inputs: InputField[] = [
      { name: 'instruction', value: step.instruction },
      { name: 'context', value: step.context },
    ];
    if (i > 0) inputs.push({ name: 'previous', reference: `step_${i - 1}.result` });
    if (step.tool_params !== null) {
      const tool = `tool_${i}`;
      specs.push({ id: tool, action: 'invoke_tool', deps: [previous], inputs: step.tool_params });
      inputs.push({ name: 'table', reference: `${tool}.result` });
      previous = tool;
    }
    const id = `step_${i}`;
    specs.push({ id, action: 'execute_step', deps: [previous], inputs });
    previous = id;
  });
  specs.push({
    action: 'validate_result',
    deps: [previous],
    inputs: [
      { name: 'steps', reference: 'planner.steps' },
      { name: 'result', reference: `${previous}.result` },
    ],
  });
  return specs;
};
