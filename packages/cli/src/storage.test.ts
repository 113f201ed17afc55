import { expect, it } from 'vitest';
import { storageUrl } from './storage.ts';

it.each([
  ['runs.db', 'sqlite:runs.db'],
  ['data/Runs.SQLITE', 'sqlite:data/Runs.SQLITE'],
  ['/var/50%?.db', 'sqlite:/var/50%25%3F.db'],
  ['sqlite:runs.db?mode=wal', 'sqlite:runs.db?mode=wal'],
  ['postgres://host/runs.db', 'postgres://host/runs.db'],
  ['runs', 'runs'],
])('%s means %s', (text, url) => {
  expect(storageUrl(text)).toBe(url);
});
