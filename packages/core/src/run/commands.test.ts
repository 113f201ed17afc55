import { describe, expect, it } from 'vitest';
import { NodeSpec } from './commands.ts';

describe('a node spec that is built step by step', () => {
  it('is a new one at each step', () => {
    const bare = new NodeSpec('work');
    const full = bare
      .withId('a')
      .withDeps('b', { id: 'c', optional: true })
      .withInputs({ x: 1 })
      .withTimeout(5)
      .withDuration(3)
      .withTryCount(2);
    expect(JSON.parse(JSON.stringify(bare))).toEqual({ action: 'work' });
    expect(JSON.parse(JSON.stringify(full))).toEqual({
      action: 'work',
      id: 'a',
      deps: ['b', { id: 'c', optional: true }],
      inputs: { x: 1 },
      timeout: 5,
      duration: 3,
      tryCount: 2,
    });
    expect(Object.isFrozen(full)).toBe(true);
  });
});
