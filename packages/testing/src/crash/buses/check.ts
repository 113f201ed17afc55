import { bySession, type SessionMark } from '../side-effects.ts';
import type { BusEffect } from './effects.ts';

/** A message as it is stored. */
export interface SeenMessage {
  readonly id: string;
  readonly causationId: string | null;
  /** The place of an input in its list. */
  readonly input: string | null;
  /** Channel and payload. */
  readonly what: string;
}

/** What a process says of the channels when nothing was left to be done. */
export interface BusesAccount {
  readonly of: 'buses';
  readonly messages: readonly SeenMessage[];
  /** The ids of the messages in their causal trees, those included that a person did not let through. */
  readonly traced: readonly string[];
  readonly pending: number;
}

const countOf = (items: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
};

/** Everything that a crash must not do to durable channels, and did. */
export const busViolations = (
  undisturbed: BusesAccount,
  { messages, traced, pending }: BusesAccount,
  effects: readonly (BusEffect | SessionMark)[],
): readonly string[] => {
  const violations: string[] = [];
  const ids = new Set(traced);
  const inputs = countOf(
    messages.flatMap(({ input, causationId }) =>
      input === null || causationId !== null ? [] : [input],
    ),
  );
  for (const { input } of bySession(effects).flat())
    if (!inputs.has(String(input))) violations.push(`input ${input} was acknowledged and is lost`);
  for (const { what, causationId } of messages)
    if (causationId !== null && !ids.has(causationId))
      violations.push(`'${what}' is there without its cause`);
  const expected = countOf(undisturbed.messages.map(({ what }) => what));
  const found = countOf(messages.map(({ what }) => what));
  for (const what of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, is] = [expected.get(what) ?? 0, found.get(what) ?? 0];
    if (wanted !== is)
      violations.push(`'${what}' was published ${is} times, and undisturbed ${wanted} times`);
  }
  if (pending > 0) violations.push(`${pending} deliveries are left`);
  return violations;
};
