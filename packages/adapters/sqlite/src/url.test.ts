import { DaggerError } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { parseLocation } from './url.ts';

const plain = { journalMode: undefined, busyTimeout: undefined, durability: undefined };

describe('a location', () => {
  it.each([
    ['runs.db', { ...plain, filename: 'runs.db' }],
    [':memory:', { ...plain, filename: ':memory:' }],
    ['what? 100%.db', { ...plain, filename: 'what? 100%.db' }],
    ['sqlite::memory:', { ...plain, filename: ':memory:' }],
    ['sqlite:runs.db', { ...plain, filename: 'runs.db' }],
    ['sqlite:./a/runs.db', { ...plain, filename: './a/runs.db' }],
    ['sqlite:/tmp/runs.db', { ...plain, filename: '/tmp/runs.db' }],
    ['sqlite:///tmp/runs.db', { ...plain, filename: '/tmp/runs.db' }],
    ['sqlite:my%20runs%3F.db', { ...plain, filename: 'my runs?.db' }],
    [
      'sqlite:runs.db?mode=wal&busy_timeout=5000',
      { ...plain, filename: 'runs.db', journalMode: 'wal', busyTimeout: 5_000 },
    ],
    [
      'sqlite:runs.db?mode=delete&durability=full',
      { ...plain, filename: 'runs.db', journalMode: 'delete', durability: 'full' },
    ],
    ['sqlite:runs.db?', { ...plain, filename: 'runs.db' }],
  ])('%s is read', (text, expected) => {
    expect(parseLocation(text)).toEqual(expected);
  });

  it.each([
    ['sqlite:', 'there is no file name'],
    ['sqlite:?mode=wal', 'there is no file name'],
    ['sqlite:runs.db?mode=fast', "mode must be wal or delete, not 'fast'"],
    [
      'sqlite:runs.db?busy_timeout=soon',
      "busy_timeout must be a whole number of milliseconds, not 'soon'",
    ],
    ['sqlite:runs.db?busy_timeout=-1', "not '-1'"],
    ['sqlite:runs.db?busy_timeout=', "not ''"],
    ['sqlite:runs.db?durability=most', "durability must be full or normal or off, not 'most'"],
    [
      'sqlite:runs.db?cache=shared',
      "there is no parameter 'cache'; there are mode, busy_timeout and durability",
    ],
    ['sqlite:100%.db', '100%.db'],
  ])('%s is refused, naming the part', (text, reason) => {
    const thrown = ((): unknown => {
      try {
        return parseLocation(text);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(DaggerError);
    expect(thrown).toMatchObject({ code: 'STORAGE_URL', message: expect.stringContaining(reason) });
  });
});
