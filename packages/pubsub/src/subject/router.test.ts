import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Router } from './router.ts';

const PARTS = ['a', 'b', '__proto__', 'constructor'];

/** Written apart from `matches`: a pattern as a regular expression. */
const naive = (pattern: string, subject: string): boolean =>
  new RegExp(
    `^${pattern
      .split('.')
      .map((part) => (part === '*' ? '[^.]+' : part === '>' ? '.+' : part))
      .join('\\.')}$`,
  ).test(subject);

const subject = fc
  .array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('.'));
const pattern = fc
  .tuple(
    fc.array(fc.constantFrom(...PARTS, '*'), { maxLength: 4 }),
    fc.constantFrom('a', 'b', '*', '>'),
  )
  .map(([parts, last]) => [...parts, last].join('.'));

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), pattern, value: fc.nat(3) }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(20) }),
    fc.record({ kind: fc.constant('match' as const), subject }),
  ),
  { maxLength: 40 },
);

describe('a router', () => {
  it('finds what a naive matcher finds, in the order of adding, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const router = new Router<number>();
        const model: { pattern: string; value: number; remove: () => void }[] = [];
        const found: (readonly number[])[] = [];
        const expected: (readonly number[])[] = [];
        for (const step of list)
          if (step.kind === 'add')
            model.push({ ...step, remove: router.add(step.pattern, step.value) });
          else if (step.kind === 'remove') model.splice(step.at, 1)[0]?.remove();
          else {
            const matching = model.filter((one) => naive(one.pattern, step.subject));
            found.push(router.match(step.subject));
            expected.push([...new Set(matching.map(({ value }) => value))]);
          }
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a value once that several of its patterns match, at its earliest place', () => {
    const router = new Router<string>();
    router.add('a.>', 'one');
    router.add('a.*', 'two');
    router.add('*.b', 'one');
    expect(router.match('a.b')).toEqual(['one', 'two']);
    expect(router.match('x.b')).toEqual(['one']);
    expect(router.match('x')).toEqual([]);
  });

  it('takes away no more than was added, however often it is asked', () => {
    const router = new Router<string>();
    const first = router.add('a', 'one');
    router.add('a', 'one');
    first();
    first();
    expect(router.match('a')).toEqual(['one']);
  });

  it('still adds where a pattern went away before', () => {
    const router = new Router<string>();
    const away = router.add('a.*.>', 'one');
    away();
    const back = router.add('a.*.>', 'two');
    away();
    expect(router.match('a.b.c')).toEqual(['two']);
    back();
    expect(router.match('a.b.c')).toEqual([]);
  });

  it('remembers what it found until a pattern comes or goes', () => {
    const router = new Router<string>();
    const away = router.add('a', 'one');
    const found = router.match('a');
    expect(router.match('a')).toBe(found);
    router.add('>', 'two');
    expect(router.match('a')).toEqual(['one', 'two']);
    expect(found).toEqual(['one']);
    away();
    expect(router.match('a')).toEqual(['two']);
  });

  it('does not remember more than so many subjects', () => {
    const router = new Router<string>();
    router.add('>', 'one');
    const found = router.match('first');
    for (let i = 0; i < 10_000; i++) router.match(`s${i}`);
    expect(router.match('first')).not.toBe(found);
    expect(router.match('first')).toEqual(['one']);
  });

  it('refuses what is no pattern', () => {
    expect(() => new Router<string>().add('a.>.b', 'one')).toThrow("'>' must be the last part");
  });
});
