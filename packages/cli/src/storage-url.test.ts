import { expect, it } from 'vitest';
import { storageUrl, withoutPassword } from './storage-url.ts';

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

it.each([
  ['postgres://ann:hunter2@db.example:6543/work', 'postgres://ann:***@db.example:6543/work'],
  ['postgres://ann:hun@ter/2@db.example/work', 'postgres://ann:***@db.example/work'],
  ['POSTGRES://:hunter2@db.example/work', 'POSTGRES://:***@db.example/work'],
  [
    'postgresql://db.example/work?user=ann&password=hunter2&max=3',
    'postgresql://db.example/work?user=ann&password=***&max=3',
  ],
  ['postgres://ann@db.example:5432/work?schema=s', 'postgres://ann@db.example:5432/work?schema=s'],
  ['postgres://db.example:5432/work', 'postgres://db.example:5432/work'],
  ['sqlite:a:b.db', 'sqlite:a:b.db'],
  ['pglite:folder', 'pglite:folder'],
])('%s is shown as %s', (url, shown) => {
  expect(withoutPassword(url)).toBe(shown);
});
