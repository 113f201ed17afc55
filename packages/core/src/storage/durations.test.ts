import { describe, expect, it } from 'vitest';
import { blended, readDurations } from './durations.ts';

const always = (): boolean => true;

describe('what runs teach', () => {
  it('is what the first run took', () => {
    expect(blended(new Map(), new Map([['a', 2]]), always)).toEqual(new Map([['a', 2]]));
  });

  it('moves three tenths of the way to each later run', () => {
    expect(blended(new Map([['a', 2]]), new Map([['a', 12]]), always)).toEqual(new Map([['a', 5]]));
  });

  it('is kept for a node that did not run, and forgotten with a node that is gone', () => {
    const before = new Map([
      ['skipped', 3],
      ['gone', 4],
    ]);
    expect(blended(before, new Map([['a', 1]]), (id) => id !== 'gone')).toEqual(
      new Map([
        ['skipped', 3],
        ['a', 1],
      ]),
    );
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['another form', '{"version":2}'],
    ['null', 'null'],
  ])('is nothing where the row holds %s', (_, body) => {
    expect(readDurations(body)).toEqual(new Map());
  });

  it('leaves out what is no duration', () => {
    expect(readDurations('{"seconds":{"a":1.5,"b":"2","c":-1,"d":null}}')).toEqual(
      new Map([['a', 1.5]]),
    );
  });
});
