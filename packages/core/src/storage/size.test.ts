import { describe, expect, it } from 'vitest';
import { isLarge } from './size.ts';

describe('the estimate of a size', () => {
  it.each([
    ['a short text', 'x'.repeat(90), false],
    ['a long text', 'x'.repeat(101), true],
    ['few numbers', Array.from({ length: 15 }, (_, i) => i), false],
    ['many numbers', Array.from({ length: 100 }, (_, i) => i), true],
    ['short keys', { a: { b: { c: null } } }, false],
    ['long keys', { ['x'.repeat(60)]: { ['x'.repeat(60)]: 1 } }, true],
    ['many empty objects', Array.from({ length: 60 }, () => ({})), true],
    ['nothing', undefined, false],
  ])('of %s', (_, value, large) => {
    expect(isLarge(value, 100)).toBe(large);
  });

  it('looks at no more of a value than it needs to be sure', () => {
    let looked = 0;
    const value = Array.from({ length: 1_000 }, () => ({
      get x() {
        looked++;
        return 'x'.repeat(20);
      },
    }));
    expect(isLarge(value, 100)).toBe(true);
    expect(looked).toBeLessThan(6);
  });
});
