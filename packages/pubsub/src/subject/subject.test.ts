import { DaggerError } from '@dagger/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPattern, checkSubject, isPattern, matches, overlaps } from './subject.ts';

const thrown = (run: () => void): DaggerError => {
  try {
    run();
  } catch (error) {
    if (error instanceof DaggerError) return error;
  }
  throw new Error('it was not refused');
};

const parts = (...choices: string[]): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...choices), { minLength: 1, maxLength: 4 });
const anySubject = parts('a', 'b', '__proto__').map((list) => list.join('.'));
const anyPattern = fc
  .tuple(parts('a', 'b', '__proto__', '*'), fc.boolean())
  .map(([list, rest]) => [...list, ...(rest ? ['>'] : [])].join('.'));

/** Every subject that `anyPattern` can tell apart. */
const SUBJECTS = (() => {
  const all: string[] = [];
  const grow = (start: readonly string[]): void => {
    if (start.length > 0) all.push(start.join('.'));
    if (start.length < 5) for (const part of ['a', 'b', '__proto__', 'z']) grow([...start, part]);
  };
  grow([]);
  return all;
})();

describe('checkSubject', () => {
  it.each([
    'orders',
    'time.us.east.atlanta',
    '__proto__',
    'constructor.toString',
    'location.Malmö',
    '$location.Stockholm',
    '_Subjects_.mysubject',
    'a-b_c/d:e',
    '😀.x',
    'x'.repeat(255),
  ])('takes %s', (subject) => {
    expect(() => checkSubject(subject)).not.toThrow();
    expect(() => checkPattern(subject)).not.toThrow();
  });

  it.each([
    ['', /^channel an empty string: it must not be empty$/],
    [undefined, /^channel undefined: it must be text$/],
    [7, /^channel 7: it must be text$/],
    [null, /^channel null: it must be text$/],
    [{}, /^channel a map: it must be text$/],
    [new String('a'), /^channel a map: it must be text$/],
    ['.', /'\.': a part between two '\.' is empty$/],
    ['a..b', /'a\.\.b': a part between two/],
    ['.a', /a part between two/],
    ['a.', /a part between two/],
    ['a b', /'a b': it has a space or a control character/],
    ['a\u00a0b', /a space or a control/],
    ['a\u0000b', /'a\\u\{0\}b': it has a space or a control/],
    ['a\nb', /a space or a control/],
    ['a\u2028b', /a space or a control/],
    ['a\u0085b', /a space or a control/],
    ['a\ud800', /a space or a control/],
    ['a.*', /'a\.\*': '\*' and '>' are for patterns only$/],
    ['a*', /for patterns only/],
    ['>', /for patterns only/],
    ['a.b>', /for patterns only/],
    ['x'.repeat(256), /it has 256 characters, at most 255 are allowed$/],
  ])('refuses %j and says why', (value, message) => {
    const error = thrown(() => checkSubject(value));
    expect(error.code).toBe('CHANNEL_INVALID');
    expect(error.message).toMatch(message);
  });
});

describe('checkPattern', () => {
  it.each(['*', '>', 'a.*', '*.b', 'a.*.c', 'a.>', '*.>', '*.*.east.>', 'a'])('takes %s', (p) => {
    expect(() => checkPattern(p)).not.toThrow();
  });

  it.each([
    ['>.a', /'>\.a': '>' must be the last part$/],
    ['a.>.b', /must be the last part/],
    ['>.>', /must be the last part/],
    ['a.b*', /'a\.b\*': '\*' and '>' stand for whole parts$/],
    ['**', /stand for whole parts/],
    ['time.New*.east', /stand for whole parts/],
    ['a.>>', /stand for whole parts/],
    ['a..>', /a part between two/],
    ['* .a', /a space/],
    [1, /it must be text/],
  ])('refuses %j and says why', (value, message) => {
    const error = thrown(() => checkPattern(value));
    expect(error.code).toBe('CHANNEL_INVALID');
    expect(error.message).toMatch(message);
  });
});

describe('isPattern', () => {
  it('tells patterns from channels', () => {
    expect(['*', 'a.>', 'a.*.b'].map(isPattern)).toEqual([true, true, true]);
    expect(['a', 'a.b', '__proto__'].map(isPattern)).toEqual([false, false, false]);
  });
});

describe('matches', () => {
  // What the NATS documentation says of its wildcards.
  it.each([
    ['time.*.east', 'time.us.east', true],
    ['time.*.east', 'time.eu.east', true],
    ['time.*.east', 'time.us.east.atlanta', false],
    ['time.us.>', 'time.us.east', true],
    ['time.us.>', 'time.us.east.atlanta', true],
    ['time.us.>', 'time.us', false],
    ['time.us.*', 'time.us.east', true],
    ['time.us.*', 'time.us.east.atlanta', false],
    ['*.*.east.>', 'time.us.east.atlanta', true],
    ['*.*.east.>', 'time.us.east', false],
    ['foo.*', 'foo.bar', true],
    ['foo.*', 'foo.bar.baz', false],
    ['foo.*', 'bar.foo', false],
    ['foo.*', 'foo', false],
    ['foo.>', 'foo.bar.baz', true],
    ['foo.>', 'foo', false],
    ['foo.>', 'bar.baz', false],
    ['>', 'anything.at.all', true],
    ['*', 'anything', true],
    ['*', 'anything.at', false],
    ['time.us', 'time.us', true],
    ['time.us', 'time.US', false],
    ['__proto__.*', '__proto__.constructor', true],
  ])('%s for %s: %j', (pattern, subject, expected) => {
    expect(matches(pattern, subject)).toBe(expected);
  });
});

describe('overlaps', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.c', false],
    ['a.*', '*.b', true],
    ['a.*', 'b.*', false],
    ['a.>', 'a', false],
    ['a.>', '*.b.c', true],
    ['>', '*', true],
    ['a.>', 'b.>', false],
    ['a.*.c', 'a.>', true],
    ['a.*', 'a.b.>', false],
  ])('%s and %s: %j', (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected);
    expect(overlaps(b, a)).toBe(expected);
  });

  it('is whether a channel is matched by both', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, (a, b) => {
        expect(overlaps(a, b)).toBe(SUBJECTS.some((s) => matches(a, s) && matches(b, s)));
      }),
    );
  });

  it('with a channel is whether the pattern matches it', () => {
    fc.assert(
      fc.property(anyPattern, anySubject, (pattern, subject) => {
        expect(overlaps(pattern, subject)).toBe(matches(pattern, subject));
      }),
    );
  });
});
