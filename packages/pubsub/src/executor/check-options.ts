import { DaggerError } from '@dagger/core';
import { describeValue } from '@dagger/core/kernel';
import { faultInRetry } from '../agent/retry-policy.ts';
import { faultIn, isMap, optional, rules, type Rule, type RulesOf } from '../middleware/check.ts';
import { checkPattern } from '../subject/subject.ts';
import { checkLimits } from './limits.ts';
import type { ChannelOptions, PubSubOptions, ReviewOptions } from './options.ts';

const LONGEST_SECONDS = 315_360_000;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const hasMethods = (value: unknown, ...names: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');

const isStart = (value: unknown): boolean => {
  if (value === 'new' || value === 'start') return true;
  if (!isMap(value) || Object.keys(value).length !== 1) return false;
  const { offset, time } = value;
  return isCount(offset) || (typeof time === 'number' && time >= 0 && Number.isFinite(time));
};

const map: Rule = { must: 'a map', fits: isMap };

const OPTIONS: RulesOf<PubSubOptions> = {
  agents: optional({ must: 'a list of agents', fits: Array.isArray }),
  channels: optional(map),
  limits: optional(map),
  retry: optional(map),
  timeout: optional({
    must: `a number of seconds above 0 and at most ${LONGEST_SECONDS}`,
    fits: (value) => typeof value === 'number' && value > 0 && value <= LONGEST_SECONDS,
  }),
  middleware: optional(rules.middleware),
  transport: optional({
    must: 'a transport, with features, publish, subscribe and close',
    fits: (value) =>
      hasMethods(value, 'publish', 'subscribe', 'close') &&
      isMap((value as { readonly features?: unknown }).features),
  }),
  from: optional({
    must: `'new', 'start', { offset } with a whole number of at least 0, or { time } with milliseconds since the Unix epoch`,
    fits: isStart,
  }),
  trace: optional({
    must: 'a whole number of messages of at least 0, or false',
    fits: (value) => value === false || isCount(value),
  }),
  onEvent: optional(rules.callable),
  appData: { must: 'anything', fits: () => true },
  clock: optional(rules.clock),
  ids: optional({
    must: 'a source of ids, with runId() and random()',
    fits: (value) => hasMethods(value, 'runId', 'random'),
  }),
  logger: optional(rules.callable),
};

const CHANNEL: RulesOf<ChannelOptions> = { review: optional(map) };

const REVIEW: RulesOf<ReviewOptions> = {
  wait: optional({
    must: `a number of seconds from 0 to ${LONGEST_SECONDS}`,
    fits: (value) => typeof value === 'number' && value >= 0 && value <= LONGEST_SECONDS,
  }),
  onTimeout: optional({
    must: 'autopilot or pause',
    fits: (value) => value === 'autopilot' || value === 'pause',
  }),
};

/**
 * Checks what a bus is opened with, but for its agents, which are checked when they are registered.
 * @throws DaggerError CONFIG_INVALID naming the option, its value and its bound; CHANNEL_INVALID
 */
export const checkBusOptions = (options: PubSubOptions): void => {
  const given: unknown = options;
  const fault = isMap(given)
    ? (faultIn(given, OPTIONS) ?? faultInRetry(options.retry))
    : `its options must be a map, not ${describeValue(given)}`;
  refuse(fault);
  checkLimits(options.limits ?? {}, 'limits');
  for (const [pattern, channel] of Object.entries(options.channels ?? {})) {
    checkPattern(pattern);
    refuse(faultInChannel(channel, `channels['${pattern}']`));
  }
};

const refuse = (fault: string | undefined): void => {
  if (fault !== undefined) throw new DaggerError('CONFIG_INVALID', `PubSubExecutor.open: ${fault}`);
};

const faultInChannel = (channel: unknown, where: string): string | undefined => {
  if (!isMap(channel)) return `${where} must be a map, not ${describeValue(channel)}`;
  const { review } = channel;
  return (
    faultIn(channel, CHANNEL, `${where}.`) ??
    (isMap(review) ? faultIn(review, REVIEW, `${where}.review.`) : undefined)
  );
};
