import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, mergeConfig } from './merge.ts';

describe('mergeConfig', () => {
  it('gives the defaults when nothing is said', () => {
    expect(mergeConfig()).toEqual(DEFAULT_CONFIG);
    expect(mergeConfig(undefined, {})).toEqual(DEFAULT_CONFIG);
  });

  it('lets a later level win and an absent or undefined key keep what is below', () => {
    const merged = mergeConfig({ maxAttempts: 5, timeoutSeconds: 10 }, undefined, {
      maxAttempts: undefined,
      timeoutSeconds: 20,
    });
    expect(merged).toEqual({ ...DEFAULT_CONFIG, maxAttempts: 5, timeoutSeconds: 20 });
  });

  it('lets null win, since it says that there is no limit', () => {
    expect(mergeConfig({ maxTokens: 100 }, { maxTokens: null }).maxTokens).toBeNull();
  });

  it('replaces a strategy as a whole', () => {
    expect(
      mergeConfig({ retryStrategy: { type: 'linear', delay: 1 } }, { retryStrategy: 'immediate' })
        .retryStrategy,
    ).toEqual({ type: 'immediate' });
  });

  it('throws once, naming every field, value and bound', () => {
    expect(() => mergeConfig({ maxAttempts: 0 }, { timeoutSeconds: 0 })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message:
          'maxAttempts must be an integer from 1 to 1,000, not 0; timeoutSeconds must be a number of seconds from 1 to 86,400, not 0',
      }),
    );
  });

  it('gives what nobody can change', () => {
    expect(Object.isFrozen(mergeConfig({ maxAttempts: 1 }))).toBe(true);
  });
});
