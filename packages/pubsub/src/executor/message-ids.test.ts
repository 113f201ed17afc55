import { expect, test } from 'vitest';
import { MessageIds } from './message-ids.ts';

const ids = (process: string): MessageIds =>
  new MessageIds({ runId: () => process, random: () => 0 });

test('ids are unique and ordered as they were made, also where the endings begin anew', () => {
  const made = ids('p');
  const all = Array.from({ length: 5_000 }, () => made.next());
  expect(new Set(all).size).toBe(5_000);
  expect(all.toSorted()).toEqual(all);
  expect(all[0]).toBe('p-100000');
});

test('two processes make none alike', () => {
  expect(ids('a').next()).not.toBe(ids('b').next());
});
