import { defineAction, type AnyAction } from '../actions/action.ts';
import type { ActionContext } from '../actions/context.ts';
import { success, type NodeOutput } from '../actions/output.ts';
import { NonRetryableError } from '../errors.ts';
import { RUN_INPUTS } from '../graph/reference.ts';
import { SUPERVISOR_STEP } from '../graph/topology.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { INSTRUCTIONS, INVALID_INSTRUCTIONS, readInstructions } from './instruction.ts';
import { checkPlan, type PlanContext, type PlanFailure, type ReviewAnswer } from './plan.ts';
import {
  NOTES_INPUT,
  PLANNED,
  PROGRESS,
  readNotes,
  type FlowProgress,
  type StepDecision,
  type StepNotes,
} from './step-notes.ts';
import type { SupervisorDefinition } from './supervisor.ts';

/** The action `supervisor_step`: asks the planner, and keeps what it decided; the hook of the supervisor carries it out. */
export const stepAction = (definition: SupervisorDefinition): AnyAction =>
  defineAction({
    name: SUPERVISOR_STEP,
    description: definition.description ?? 'Plans what is to be done next.',
    timeout: definition.timeout,
    retry: definition.retry,
    execute: (ctx: ActionContext) => runStep(ctx, definition),
  });

const runStep = async (
  ctx: ActionContext,
  definition: SupervisorDefinition,
): Promise<NodeOutput> => {
  const notes = readNotes(ctx.inputs[NOTES_INPUT], ctx.nodeId);
  const queued = ctx.cache
    .globalEntries(INSTRUCTIONS)
    .filter(([key]) => !notes.taken.includes(key));
  const asked = readInstructions(queued);
  const checked = checkPlan(await definition.plan(contextOf(ctx, notes, asked.valid)));
  const own = readInstructions(
    (checked.problem === undefined ? checked.instructions : []).map(
      (value, i) => [`${ctx.nodeId}_${i + 1}`, value] as const,
    ),
  );
  for (const { key, instruction, problem } of [...asked.invalid, ...own.invalid]) {
    ctx.log.warn(`skips the instruction '${key}': ${problem}`);
    ctx.cache.insertGlobal(INVALID_INSTRUCTIONS, key, { instruction, problem });
  }
  const planned = plannedBefore(ctx, notes);
  if (planned.length > 0) ctx.cache.appendGlobal(PLANNED, notes.flow, planned);
  const done = checked.problem === undefined && checked.done && asked.valid.length === 0;
  const instructions = [...asked.valid, ...own.valid].toSorted((a, b) => b.priority - a.priority);
  const nodes = checked.problem === undefined ? checked.nodes : [];
  const idle = !done && nodes.length + instructions.length === 0;
  const taken = [...notes.taken, ...queued.map(([key]) => key)];
  const { iteration, flow } = notes;
  const progress: FlowProgress = { step: ctx.nodeId, iteration, done, taken };
  ctx.cache.insertGlobal(PROGRESS, flow, progress);
  const decision: StepDecision = {
    iteration,
    flow,
    done,
    nodes,
    instructions,
    problem: checked.problem ?? (idle ? 'the plan adds nothing, and is not done' : null),
    taken,
  };
  return success(checked.problem === undefined ? checked.outputs : {}, {
    supervisor: decision as unknown as JsonObject,
  });
};

const contextOf = (
  ctx: ActionContext,
  notes: StepNotes,
  instructions: PlanContext['instructions'],
): PlanContext => {
  const { appData, attempt, cache, dagName, idempotencyKey, log, nodeId, progress } = ctx;
  const { runId, signal, useTokens } = ctx;
  const { [NOTES_INPUT]: _notes, task: ownTask, ...given } = ctx.inputs;
  const inputs: JsonObject = { ...cache.outputsOf(RUN_INPUTS), ...given };
  const task = ownTask ?? inputs['task'];
  if (typeof task !== 'string')
    throw new NonRetryableError(`${SUPERVISOR_STEP} needs an input 'task', which is a text`, {
      code: 'INPUT_MISSING',
      ids: { runId, nodeId },
    });
  const of = { appData, attempt, cache, dagName, idempotencyKey, log, nodeId, progress };
  return Object.freeze({
    ...of,
    runId,
    signal,
    useTokens,
    task,
    iteration: notes.iteration,
    inputs: Object.freeze(inputs),
    results: resultsOf(ctx, notes),
    failures: failuresOf(ctx, notes),
    instructions,
    answer: answerOf(ctx, notes),
    problems: notes.problems,
  });
};

/** What the plan before added: the dependencies of this step, without that step and the reviews. */
const plannedBefore = ({ dependencies }: ActionContext, { after, reviews }: StepNotes): string[] =>
  after === undefined
    ? []
    : dependencies
        .map(({ nodeId }) => nodeId)
        .filter((id) => id !== after && !reviews.includes(id));

const resultsOf = (ctx: ActionContext, notes: StepNotes): PlanContext['results'] => {
  const earlier = ctx.cache.getGlobal<readonly (readonly string[])[]>(PLANNED, notes.flow) ?? [];
  const results: [string, JsonObject][] = [];
  for (const id of [...earlier.flat(), ...plannedBefore(ctx, notes)]) {
    const outputs = ctx.cache.outputsOf(id);
    if (outputs !== undefined) results.push([id, outputs]);
  }
  return Object.freeze(Object.fromEntries(results));
};

const failuresOf = (ctx: ActionContext, notes: StepNotes): readonly PlanFailure[] => {
  const planned = new Set(plannedBefore(ctx, notes));
  return ctx.dependencies.filter(
    (d): d is PlanFailure & typeof d =>
      planned.has(d.nodeId) && d.status !== 'succeeded' && d.status !== 'unsettled',
  );
};

const answerOf = ({ cache }: ActionContext, { reviews }: StepNotes): ReviewAnswer | null => {
  const last = reviews.at(-1);
  const outputs: JsonValue | undefined = last === undefined ? undefined : cache.outputsOf(last);
  return (outputs as unknown as ReviewAnswer | undefined) ?? null;
};
