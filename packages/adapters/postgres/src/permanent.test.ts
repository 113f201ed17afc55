import { expect, test } from 'vitest';
import { isPermanent } from './permanent.ts';

const error = (code: string): Error => Object.assign(new Error('no'), { code });

test.each([
  ['23505', 'a key that is taken'],
  ['22P05', 'a character that the server cannot store'],
  ['42P01', 'a table that does not exist'],
  ['28P01', 'a wrong password'],
  ['53100', 'a disk that is full'],
])('%s, %s, stays so', (code) => {
  expect(isPermanent(error(code))).toBe(true);
});

test.each([
  ['40001', 'a serialization failure'],
  ['40P01', 'a deadlock'],
  ['57P01', 'a server that shuts down'],
  ['53300', 'too many connections'],
  ['08006', 'a connection that broke'],
  ['ECONNRESET', 'a connection that was reset'],
])('%s, %s, may be over soon', (code) => {
  expect(isPermanent(error(code))).toBe(false);
});
