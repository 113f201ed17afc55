import { humanInterrupt } from '../actions/human-interrupt.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { compileSchema, type Schema } from '../schema/validator.ts';

/** Shared values of this namespace are the queue of instructions; the key of each is its name, and it is carried out once. */
export const INSTRUCTIONS = 'instructions';
/** What was put into the queue and cannot be carried out, under the same keys: the instruction and what is wrong with it. */
export const INVALID_INSTRUCTIONS = 'invalid_instructions';
/** The action of the nodes that `retrieve_info` adds; the application registers it. */
export const INFO_RETRIEVAL = 'info_retrieval';

/** What somebody asks of an agent-driven flow while it is under way. */
export interface Instruction {
  /** `retrieve_info` runs the action `info_retrieval`; `human_review` asks a person, with `human_interrupt`. */
  readonly action: 'retrieve_info' | 'human_review';
  /** The inputs of that action. */
  readonly params?: JsonObject;
  /** Higher ones come first; those of equal priority in the order of their arrival. Default 0. */
  readonly priority?: number;
}

/** An instruction that was found to be right. */
export interface QueuedInstruction extends Required<Instruction> {
  /** Its key in the queue; one of a plan has a key of its own. */
  readonly key: string;
}

const ACTIONS: ReadonlySet<unknown> = new Set<Instruction['action']>([
  'retrieve_info',
  'human_review',
]);
const KEYS: ReadonlySet<string> = new Set(['action', 'params', 'priority', 'timestamp']);

const checkQuestion = compileSchema(humanInterrupt.input as Schema);

/** Why a value is no instruction, or the instruction. */
const readInstruction = (
  key: string,
  value: JsonValue,
): QueuedInstruction | { readonly problem: string } => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: 'an instruction is an object with an action' };
  const { action, params = {}, priority = 0 } = value as JsonObject;
  const unknown = Object.keys(value).find((name) => !KEYS.has(name));
  if (unknown !== undefined) return { problem: `an instruction has no '${unknown}'` };
  if (!ACTIONS.has(action))
    return {
      problem: `action must be retrieve_info or human_review, not ${JSON.stringify(action)}`,
    };
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    return { problem: 'params must be an object' };
  if (typeof priority !== 'number') return { problem: 'priority must be a number' };
  const read = { key, action, params, priority } as QueuedInstruction;
  if (action !== 'human_review') return read;
  const checked = checkQuestion(params);
  if (checked instanceof Promise || checked.issues === undefined) return read;
  return { problem: `params do not fit human_interrupt: ${checked.issues.join('; ')}` };
};

/** What an iteration finds in the queue. */
export interface ReadInstructions {
  /** By priority, then by arrival. */
  readonly valid: readonly QueuedInstruction[];
  readonly invalid: readonly {
    readonly key: string;
    readonly instruction: JsonValue;
    readonly problem: string;
  }[];
}

/** Sorts the right ones from the wrong ones. @param entries in the order of their arrival */
export const readInstructions = (
  entries: Iterable<readonly [key: string, value: JsonValue]>,
): ReadInstructions => {
  const valid: QueuedInstruction[] = [];
  const invalid: ReadInstructions['invalid'][number][] = [];
  for (const [key, instruction] of entries) {
    const read = readInstruction(key, instruction);
    if ('problem' in read) invalid.push({ key, instruction, problem: read.problem });
    else valid.push(read);
  }
  return { valid: valid.toSorted((a, b) => b.priority - a.priority), invalid };
};
