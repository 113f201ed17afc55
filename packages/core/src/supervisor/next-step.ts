import { humanInterrupt } from '../actions/human-interrupt.ts';
import type { DependencySpec, NodeDefinition } from '../graph/model.ts';
import { SUPERVISOR_STEP } from '../graph/topology.ts';
import type { RunView } from '../hooks/hook.ts';
import type { NodeSpecData } from '../run/commands.ts';
import { INFO_RETRIEVAL } from './instruction.ts';
import { inputsWithNotes, type StepDecision } from './step-notes.ts';

/** Ids that no node of the run has, nor another of the same command. */
const freeIds = (run: RunView, taken: Set<string>): ((wish: string) => string) => {
  return (wish) => {
    let id = wish;
    for (let i = 2; taken.has(id) || run.nodeOf(id) !== undefined; i++) id = `${wish}_${i}`;
    taken.add(id);
    return id;
  };
};

const slug = (action: string): string => action.replaceAll(/[^\w-]/g, '_').slice(0, 200);

const optional = ({ id }: NodeSpecData): DependencySpec => ({ id: id as string, optional: true });

/** The planner's own nodes; one that names no dependencies waits for the step alone, which has ended. */
const plannedNodes = (
  { nodes, iteration }: StepDecision,
  step: string,
  free: (wish: string) => string,
): readonly NodeSpecData[] =>
  nodes.map((node) => ({
    ...node,
    id: node.id ?? free(`${slug(node.action)}_${iteration}`),
    deps: node.deps ?? [step],
  }));

/**
 * The nodes that follow from a step: those of the plan, those of the instructions, a review when it is time, and the next
 * step, which waits for all of them. A rejected review keeps the next step from running; all else may end as it likes.
 */
export const nodesAfter = (
  run: RunView,
  step: NodeDefinition,
  decision: StepDecision,
): readonly NodeSpecData[] => {
  const { iteration } = decision;
  const named = decision.nodes.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const free = freeIds(run, new Set(named));
  const planned = plannedNodes(decision, step.id, free);
  const found: NodeSpecData[] = [];
  const reviews: NodeSpecData[] = [];
  for (const { action, params } of decision.instructions) {
    if (action === 'retrieve_info')
      found.push({
        id: free(`${INFO_RETRIEVAL}_${iteration}`),
        action: INFO_RETRIEVAL,
        deps: [step.id],
        inputs: params,
      });
    else
      reviews.push({
        id: free(`human_check_${iteration}`),
        action: humanInterrupt.name,
        deps: [step.id],
        inputs: params,
      });
  }
  const work = [...planned, ...found];
  const { reviewFrequency } = run.config;
  if (reviewFrequency !== null && iteration % reviewFrequency === 0)
    reviews.push({
      id: free(`human_review_${iteration}`),
      action: humanInterrupt.name,
      deps: [step.id, ...work.map(optional)],
      inputs: { prompt: `Iteration ${iteration} has ended: go on?`, iteration },
    });
  const next: NodeSpecData = {
    id: free(`supervisor_${iteration + 1}`),
    action: SUPERVISOR_STEP,
    deps: [step.id, ...work.map(optional), ...reviews.map(({ id }) => id as string)],
    inputs: inputsWithNotes(step, {
      iteration: iteration + 1,
      flow: decision.flow,
      after: step.id,
      reviews: reviews.map(({ id }) => id as string),
      problems: decision.problem === null ? [] : [decision.problem],
      taken: decision.taken,
      planned: planned.length,
    }),
    ...(step.timeout === undefined ? {} : { timeout: step.timeout }),
    ...(step.tryCount === undefined ? {} : { tryCount: step.tryCount }),
    ...(step.description === undefined ? {} : { description: step.description }),
    ...(step.failure === undefined ? {} : { failure: step.failure }),
    ...(step.onfailure === undefined ? {} : { onfailure: step.onfailure }),
  };
  return [...work, ...reviews, next];
};
