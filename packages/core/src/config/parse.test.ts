import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../graph/diagnostic.ts';
import { parseConfig } from './parse.ts';

const parse = (
  input: unknown,
): {
  readonly config: unknown;
  readonly said: readonly string[];
  readonly paths: readonly string[];
} => {
  const problems: Diagnostic[] = [];
  const config = parseConfig(input, problems, ['config']);
  return {
    config,
    said: problems.map((p) => p.message),
    paths: problems.map((p) => p.path.join('.')),
  };
};

describe('parseConfig', () => {
  it('returns only the keys that are present, in camelCase', () => {
    expect(parse({ max_attempts: 2, timeoutSeconds: 60, max_tokens: null })).toEqual({
      config: { maxAttempts: 2, timeoutSeconds: 60, maxTokens: null },
      said: [],
      paths: [],
    });
  });

  it.each([
    ['pause', 'pause'],
    ['Stop', 'stop'],
    ['halt', 'stop'],
    ['Halt', 'stop'],
    ['Continue', 'continue'],
  ])('reads the failure policy %s as %s', (written, meant) => {
    expect(parse({ on_failure: written }).config).toEqual({ onFailure: meant });
  });

  it.each(['critical_path', 'definition'])('reads the order of starts %s', (order) => {
    expect(parse({ node_order: order }).config).toEqual({ nodeOrder: order });
  });

  it.each([
    ['immediate', { type: 'immediate' }],
    ['linear', { type: 'linear', delay: 5 }],
    ['Exponential', { type: 'exponential', initialDelay: 2, maxDelay: 60, multiplier: 2 }],
    [{ linear: { delay_secs: 7 } }, { type: 'linear', delay: 7 }],
    [{ Linear: { delaySecs: 7 } }, { type: 'linear', delay: 7 }],
    [
      { exponential: { initial_delay_secs: 1, max_delay_secs: 9, multiplier: 3 } },
      { type: 'exponential', initialDelay: 1, maxDelay: 9, multiplier: 3 },
    ],
    [
      { exponential: { multiplier: 1.5 } },
      { type: 'exponential', initialDelay: 2, maxDelay: 60, multiplier: 1.5 },
    ],
    [
      { type: 'linear', delay: 1 },
      { type: 'linear', delay: 1 },
    ],
    [
      { type: 'exponential', initialDelay: 1, maxDelay: 4, multiplier: 2 },
      { type: 'exponential', initialDelay: 1, maxDelay: 4, multiplier: 2 },
    ],
  ])('reads the retry strategy %j', (written, meant) => {
    expect(parse({ retry_strategy: written })).toMatchObject({
      config: { retryStrategy: meant },
      said: [],
    });
  });

  it.each([
    [{ max_attempts: 0 }, 'max_attempts must be an integer from 1 to 1,000, not 0'],
    [{ node_order: 'random' }, "node_order must be one of critical_path, definition, not 'random'"],
    [{ maxAttempts: 1.5 }, 'maxAttempts must be an integer from 1 to 1,000, not 1.5'],
    [
      { timeout_seconds: 86_401 },
      'timeout_seconds must be a number of seconds from 1 to 86,400, not 86401',
    ],
    [
      { timeout_seconds: '60' },
      "timeout_seconds must be a number of seconds from 1 to 86,400, not '60'",
    ],
    [
      { timeout_seconds: Infinity },
      'timeout_seconds must be a number of seconds from 1 to 86,400, not Infinity',
    ],
    [{ max_parallel_nodes: 0 }, 'max_parallel_nodes must be an integer from 1 to 10,000, not 0'],
    [
      { human_wait_minutes: 1_441 },
      'human_wait_minutes must be a number of minutes from 0 to 1,440 or null, not 1441',
    ],
    [{ max_iterations: 1_001 }, 'max_iterations must be an integer from 1 to 1,000, not 1001'],
    [{ review_frequency: 0 }, 'review_frequency must be an integer of at least 1 or null, not 0'],
    [
      { max_retry_duration: 0 },
      'max_retry_duration must be a number of seconds above 0 or null, not 0',
    ],
    [{ grace_period: -1 }, 'grace_period must be a number of seconds from 0 to 3,600, not -1'],
    [
      { on_failure: 'explode' },
      "on_failure must be one of continue, pause, stop, halt, not 'explode'",
    ],
    [{ human_timeout_action: 1 }, 'human_timeout_action must be one of autopilot, pause, not 1'],
    [{ retry_jitter: 'yes' }, "retry_jitter must be true or false, not 'yes'"],
    [
      { max_parallel: 3 },
      "unknown key 'max_parallel' in config; did you mean 'max_parallel_nodes'?",
    ],
    [
      { maxparallelnodes: 3 },
      "unknown key 'maxparallelnodes' in config; did you mean 'maxParallelNodes'?",
    ],
  ])('refuses %j, naming field, value and bound', (input, reason) => {
    expect(parse(input).said).toEqual([reason]);
  });

  it.each([
    [{ retry_strategy: 'later' }],
    [{ retry_strategy: { linear: { delay_secs: -1 } } }],
    [{ retry_strategy: { linear: { delay: 1 }, exponential: {} } }],
    [{ retry_strategy: { exponential: { initial_delay_secs: 9, max_delay_secs: 1 } } }],
    [{ retry_strategy: { exponential: { multiplier: 0.5 } } }],
    [{ retry_strategy: { immediate: { delay: 1 } } }],
    [{ retry_strategy: null }],
  ])('refuses the strategy in %j', (input) => {
    expect(parse(input)).toMatchObject({
      config: {},
      said: [expect.stringMatching(/^retry_strategy must be /)],
    });
  });

  it('reports every problem, each under the camelCase key', () => {
    expect(parse({ max_attempts: 0, timeout_seconds: 0, grace_period: 3 })).toMatchObject({
      config: { gracePeriod: 3 },
      paths: ['config.maxAttempts', 'config.timeoutSeconds'],
    });
  });

  it('refuses a key in two spellings', () => {
    expect(parse({ max_attempts: 1, maxAttempts: 2 }).said).toEqual([
      'maxAttempts is given twice, in two spellings',
    ]);
  });

  it.each([[null], [[]], ['fast'], [3]])('refuses %j for the whole', (input) => {
    expect(parse(input).said).toEqual([
      expect.stringMatching(/^config must be a map of settings, not /),
    ]);
  });
});
