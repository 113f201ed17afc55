import { DaggerError } from '@dagger/core';
import { checkAction, closest, describeValue } from '@dagger/core/kernel';
import { OVERFLOWS } from '../channel/options.ts';
import { rules } from '../middleware/check.ts';
import { checkPattern, checkSubject } from '../subject/subject.ts';
import type { AnyPubSubAgent, PubSubAgent } from './agent.ts';
import { faultInRetry } from './retry-policy.ts';

const EMPTY = (): object => ({});

/** The compiler lists what is missing. */
const KNOWN: { readonly [K in keyof PubSubAgent]-?: true } = {
  name: true,
  description: true,
  subscriptions: true,
  publications: true,
  input: true,
  output: true,
  group: true,
  concurrency: true,
  orderBy: true,
  receiveOwn: true,
  timeout: true,
  retry: true,
  middleware: true,
  capacity: true,
  overflow: true,
  processMessage: true,
};

type Refuse = (reason: string, cause?: unknown) => never;

/** @throws DaggerError AGENT_INVALID naming the field, its value and its bound */
export const checkAgent = (agent: AnyPubSubAgent): void => {
  const given: unknown = agent;
  const name: unknown = (given as { readonly name?: unknown } | null | undefined)?.name;
  const refuse: Refuse = (reason, cause) => {
    throw new DaggerError(
      'AGENT_INVALID',
      `agent ${typeof name === 'string' ? `'${name}'` : '(no name)'}: ${reason}`,
      { ...(typeof name === 'string' ? { ids: { agent: name } } : {}), cause },
    );
  };
  if (typeof given !== 'object' || given === null)
    return refuse(`an agent is an object, not ${describeValue(given)}`);
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(KNOWN, key)) continue;
    const meant = closest(key, Object.keys(KNOWN));
    refuse(`unknown key '${key}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`);
  }
  const { processMessage }: { readonly processMessage?: unknown } = given;
  if (typeof processMessage !== 'function')
    refuse(`processMessage must be a function, not ${describeValue(processMessage)}`);
  checkShared(agent, refuse);
  checkChannels(agent, refuse);
  checkFields(agent, refuse);
};

/** The fields that agents share with actions. */
const checkShared = ({ name, description, timeout }: AnyPubSubAgent, refuse: Refuse): void => {
  try {
    const shared: unknown = { name, description, timeout, execute: EMPTY };
    checkAction(shared as never);
  } catch (error) {
    if (!(error instanceof DaggerError)) throw error;
    refuse(error.message.replace(/^action (?:'.*?'|\(no name\)): /s, ''), error);
  }
};

const checkChannels = (
  { subscriptions, publications, group }: AnyPubSubAgent,
  refuse: Refuse,
): void => {
  subjects(subscriptions, 'subscriptions', refuse);
  if (subscriptions.length === 0) refuse('subscriptions must name a channel');
  if (publications !== undefined) subjects(publications, 'publications', refuse);
  if (group !== undefined)
    try {
      checkSubject(group);
    } catch (error) {
      refuse(`group: ${error instanceof Error ? error.message : String(error)}`, error);
    }
};

const subjects = (value: unknown, field: string, refuse: Refuse): void => {
  if (!Array.isArray(value))
    return refuse(`${field} must be a list of channels, not ${describeValue(value)}`);
  for (const pattern of value as readonly unknown[])
    try {
      checkPattern(pattern);
    } catch (error) {
      refuse(`${field}: ${error instanceof Error ? error.message : String(error)}`, error);
    }
};

const checkFields = (agent: AnyPubSubAgent, refuse: Refuse): void => {
  const must = (
    field: keyof PubSubAgent,
    what: string,
    fits: (value: unknown) => boolean,
  ): void => {
    const value: unknown = agent[field];
    if (value !== undefined && !fits(value))
      refuse(`${field} must be ${what}, not ${describeValue(value)}`);
  };
  must('description', 'a text', (value) => typeof value === 'string');
  for (const field of ['input', 'output'] as const)
    must(field, 'a JSON Schema or a Standard Schema', isSchema);
  for (const field of ['concurrency', 'capacity'] as const)
    must(
      field,
      'a whole number of at least 1',
      (value) => Number.isSafeInteger(value) && Number(value) >= 1,
    );
  must('overflow', `one of ${OVERFLOWS.join(', ')}`, (value) =>
    (OVERFLOWS as readonly unknown[]).includes(value),
  );
  must('orderBy', 'a function', (value) => typeof value === 'function');
  must('receiveOwn', 'true or false', (value) => typeof value === 'boolean');
  must('middleware', rules.middleware.must as string, rules.middleware.fits);
  const fault = faultInRetry(agent.retry);
  if (fault !== undefined) refuse(fault);
};

/** Some Standard Schemas are functions. */
const isSchema = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null && !Array.isArray(value)) ||
  (typeof value === 'function' && '~standard' in value);
