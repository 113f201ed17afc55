import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyIn, keyOf, taskIdOf } from './task-id.ts';

it('an id is a path over the parents', () => {
  const parent = taskIdOf('job', null, 'plan');
  expect(taskIdOf('job', parent, 'gather')).toBe('job/plan/gather');
});

it('a slash in a job or a key separates nothing, so that no two tasks share an id', () => {
  expect(taskIdOf('a/b', null, 'c')).not.toBe(taskIdOf('a', taskIdOf('a', null, 'b'), 'c'));
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
      const isSame = taskIdOf(a, null, b) === taskIdOf(c, null, d);
      expect(isSame).toBe(a === c && b === d);
    }),
  );
});

it('the key can be read from the id', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (key) => {
      expect(keyIn(taskIdOf('job', null, key))).toBe(key);
    }),
  );
});

it('equal inputs give equal keys whatever the order of their fields, others give others', () => {
  expect(keyOf('gather', { a: 1, b: 2 })).toBe(keyOf('gather', { b: 2, a: 1 }));
  expect(keyOf('gather', { a: 1 })).not.toBe(keyOf('gather', { a: 2 }));
  expect(keyOf('gather', {})).not.toBe(keyOf('write', {}));
});
