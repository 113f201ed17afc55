import type { InputField, NodeDefinition } from '../graph/model.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { NodeSpecData } from '../run/commands.ts';
import type { QueuedInstruction } from './instruction.ts';

/** The input of a supervisor's step that the flow itself sets. */
export const NOTES_INPUT = 'supervisor';
/** Shared values: for each flow, by its first step, the lists of ids that its plans added. */
export const PLANNED = 'supervisor_planned';
/** Shared values: for each flow, by its first step, how far it is. */
export const PROGRESS = 'supervisor_progress';

/** What a step is told of the way to it. */
export interface StepNotes {
  readonly iteration: number;
  /** The first step of the flow. */
  readonly flow: string;
  /** The step before; absent for the first. */
  readonly after?: string;
  /** The reviews that stand between. */
  readonly reviews: readonly string[];
  readonly problems: readonly string[];
  /** The keys of the instructions that were taken from the queue so far. */
  readonly taken: readonly string[];
  /** How many nodes of the command that adds the step are of the planner's own. */
  readonly planned: number;
}

/** What a step decided, kept as the metadata of its node for the hook that carries it out. */
export interface StepDecision {
  readonly iteration: number;
  readonly flow: string;
  readonly done: boolean;
  readonly nodes: readonly NodeSpecData[];
  readonly instructions: readonly QueuedInstruction[];
  /** Why the plan cannot be carried out; null when it may be. */
  readonly problem: string | null;
  readonly taken: readonly string[];
}

/** How far a flow is: what its latest step decided. */
export interface FlowProgress {
  readonly step: string;
  readonly iteration: number;
  readonly done: boolean;
  readonly taken: readonly string[];
}

const texts = (value: JsonValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** Reads the notes of a step; the first has none. */
export const readNotes = (value: JsonValue | undefined, nodeId: string): StepNotes => {
  const { iteration, flow, after, reviews, problems, taken, planned } = (
    typeof value === 'object' && value !== null ? value : {}
  ) as JsonObject;
  return {
    iteration: typeof iteration === 'number' ? iteration : 1,
    flow: typeof flow === 'string' ? flow : nodeId,
    ...(typeof after === 'string' ? { after } : {}),
    reviews: texts(reviews),
    problems: texts(problems),
    taken: texts(taken),
    planned: typeof planned === 'number' ? planned : 0,
  };
};

/** The inputs of a step for the one after it: the same but for the notes. */
export const inputsWithNotes = (
  step: Pick<NodeDefinition, 'inputs'>,
  notes: StepNotes,
): readonly InputField[] => [
  ...(step.inputs ?? []).filter(({ name }) => name !== NOTES_INPUT),
  { name: NOTES_INPUT, value: notes as unknown as JsonObject },
];
