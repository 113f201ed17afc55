import { DaggerError } from '@dagger/core';
import { describeValue } from '@dagger/core/kernel';
import type { TreeLimits } from './options.ts';
import type { Limits } from './tree.ts';

const DEFAULT_LIMITS = { maxMessages: 10_000, maxHops: 100, timeout: 3_600 } as const;

const KEYS: readonly string[] = ['maxMessages', 'maxHops', 'maxTokens', 'timeout'];
const LONGEST_TIMEOUT = 315_360_000;

/** @throws DaggerError CONFIG_INVALID naming the field, the value and the bound */
export const checkLimits = (limits: TreeLimits, where: string): void => {
  const refuse = (reason: string): never => {
    throw new DaggerError('CONFIG_INVALID', `${where}.${reason}`);
  };
  for (const key of Object.keys(limits))
    if (!KEYS.includes(key)) refuse(`${key} is not a limit; there are ${KEYS.join(', ')}`);
  for (const name of ['maxMessages', 'maxHops', 'maxTokens'] as const) {
    const value = limits[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      refuse(`${name} must be a whole number of at least 1, not ${describeValue(value)}`);
  }
  const { timeout } = limits;
  if (
    timeout !== undefined &&
    !(typeof timeout === 'number' && timeout > 0 && timeout <= LONGEST_TIMEOUT)
  )
    refuse(
      `timeout must be a number of seconds above 0 and at most ${LONGEST_TIMEOUT}, not ${describeValue(timeout)}`,
    );
};

export const limitsOf = (limits: TreeLimits): Limits => ({
  maxMessages: limits.maxMessages ?? DEFAULT_LIMITS.maxMessages,
  maxHops: limits.maxHops ?? DEFAULT_LIMITS.maxHops,
  maxTokens: limits.maxTokens ?? Number.POSITIVE_INFINITY,
  timeoutMs: (limits.timeout ?? DEFAULT_LIMITS.timeout) * 1_000,
});
