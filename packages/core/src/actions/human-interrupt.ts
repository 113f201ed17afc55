import type { JsonValue } from '../json.ts';
import { jsonSchema } from '../schema/validator.ts';
import { defineAction, type Action } from './action.ts';
import { waitForInput } from './output.ts';

interface HumanInterruptInputs {
  readonly prompt?: string;
  readonly wait_minutes?: number | null;
  readonly timeout_action?: 'autopilot' | 'pause';
  readonly on_reject?: 'fail' | 'answer';
  readonly [other: string]: JsonValue | undefined;
}

const inputs = {
  type: 'object',
  properties: {
    prompt: { type: 'string', description: 'What the person is asked.' },
    wait_minutes: {
      type: ['number', 'null'],
      minimum: 0,
      maximum: 1_440,
      description: 'Minutes to wait; null waits without end. Default: human_wait_minutes.',
    },
    timeout_action: {
      enum: ['autopilot', 'pause'],
      description: 'When nobody answers in time. Default: human_timeout_action.',
    },
    on_reject: {
      enum: ['fail', 'answer'],
      description: 'Whether a rejection fails the node (the default) or is an output like others.',
    },
  },
} as const;

const KNOWN: ReadonlySet<string> = new Set(Object.keys(inputs.properties));

/** Ad-hoc instructions under this shared value answer every `human_interrupt` that waits. */
export const PENDING_INSTRUCTIONS = {
  namespace: 'global',
  key: 'pending_instructions',
} as const;

/**
 * Waits for a person: every registry knows it as `human_interrupt`. Its other inputs are what the person gets to see. Its
 * outputs: `decision` (`approve`, `reject`, `answer`, `autopilot`), `approved` (true after `approve`, `answer` and
 * `autopilot`), `data`, `reason`, `by`.
 */
export const humanInterrupt: Action<HumanInterruptInputs> = defineAction({
  name: 'human_interrupt',
  description: 'Waits for a person to approve, reject or answer.',
  input: jsonSchema<HumanInterruptInputs>(inputs),
  execute({ inputs: given, answer, nodeId }) {
    if (answer === null) {
      const details = Object.fromEntries(Object.entries(given).filter(([key]) => !KNOWN.has(key)));
      return waitForInput({
        prompt: given.prompt ?? `${nodeId} waits for a decision`,
        ...(Object.keys(details).length === 0 ? {} : { details }),
        ...(given.wait_minutes === undefined ? {} : { waitMinutes: given.wait_minutes }),
        ...(given.timeout_action === undefined ? {} : { onTimeout: given.timeout_action }),
        ...(given.on_reject === undefined ? {} : { onReject: given.on_reject }),
        wakeOn: PENDING_INSTRUCTIONS,
      });
    }
    const { decision, data, reason, by } = answer;
    return { decision, approved: decision !== 'reject', data, reason, by };
  },
});
