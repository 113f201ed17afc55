import { expect, it } from 'vitest';
import type { ErrorData } from '@dagger/core';
import type { AnyTaskAgent } from '../agent/agent.ts';
import { retryDelay } from './retry-delay.ts';

const error = (change: Partial<ErrorData> = {}): ErrorData => ({
  code: 'AGENT_FAILED',
  name: 'Error',
  message: 'no',
  retryable: true,
  ...change,
});

const agent = (change: Partial<AnyTaskAgent> = {}): AnyTaskAgent => ({
  name: 'a',
  execute: () => {},
  ...change,
});

const task = (failures: number, options: object = {}): { failures: number; options: string } => ({
  failures,
  options: JSON.stringify(options),
});

it('three attempts by default, with exponential delays between half and the whole', () => {
  expect(retryDelay(error(), task(0), agent(), 0)).toBe(1_000);
  expect(retryDelay(error(), task(0), agent(), 0.999_999)).toBe(2_000);
  expect(retryDelay(error(), task(1), agent(), 0)).toBe(2_000);
  expect(retryDelay(error(), task(2), agent(), 0)).toBeUndefined();
});

it('maxRetries 0 means one attempt', () => {
  expect(retryDelay(error(), task(0, { maxRetries: 0 }), agent(), 0)).toBeUndefined();
});

it('the task goes over its agent', () => {
  const patient = agent({ retry: { attempts: 10, strategy: { type: 'linear', delay: 5 } } });
  expect(retryDelay(error(), task(5), patient, 0)).toBe(2_500);
  expect(retryDelay(error(), task(5, { maxRetries: 2 }), patient, 0)).toBeUndefined();
  const quick = { retryStrategy: { type: 'immediate' } };
  expect(retryDelay(error(), task(5, quick), patient, 0)).toBe(0);
});

it('what cannot be mended is not tried again', () => {
  expect(retryDelay(error({ retryable: false }), task(0), agent(), 0)).toBeUndefined();
  const picky = agent({ retry: { retryOn: ['RATE_LIMIT'] } });
  expect(retryDelay(error(), task(0), picky, 0)).toBeUndefined();
  expect(retryDelay(error({ code: 'RATE_LIMIT' }), task(0), picky, 0)).toBe(1_000);
});

it('an agent that is not known here has the defaults', () => {
  expect(retryDelay(error(), task(0), undefined, 0)).toBe(1_000);
});
