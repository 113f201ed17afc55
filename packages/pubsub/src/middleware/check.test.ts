import { describe, expect, it } from 'vitest';
import { circuitBreaker } from './circuit-breaker.ts';
import { correlation } from './correlation.ts';
import { dedupe } from './dedupe.ts';
import type { Middleware } from './middleware.ts';
import { recover } from './recover.ts';
import { throttle } from './throttle.ts';
import { timeout } from './timeout.ts';

const wrong = (options: unknown): never => options as never;

describe('an option that is wrong is refused by its name, its value and its bound', () => {
  it.each<[string, () => Middleware]>([
    [
      'timeout: seconds must be a number of seconds from 0.001 to 31,536,000, not 0',
      () => timeout(0),
    ],
    [
      "timeout: seconds must be a number of seconds from 0.001 to 31,536,000, not '1'",
      () => timeout(wrong('1')),
    ],
    [
      'timeout: seconds must be a number of seconds from 0.001 to 31,536,000, not Infinity',
      () => timeout(Infinity),
    ],
    [
      'timeout: clock must be a clock, with now() and after(), not a map',
      () => timeout(1, wrong({ clock: {} })),
    ],
    ["timeout: there is no option 'milliseconds'", () => timeout(1, wrong({ milliseconds: 1 }))],
    [
      'throttle: messages must be a whole number from 1 to 10,000,000, not 1.5',
      () => throttle({ messages: 1.5, perSeconds: 1 }),
    ],
    [
      'throttle: perSeconds must be a number of seconds from 0.001 to 31,536,000, not NaN',
      () => throttle({ messages: 1, perSeconds: NaN }),
    ],
    [
      'throttle: perSeconds must be a number of seconds from 0.001 to 31,536,000, not undefined',
      () => throttle(wrong({ messages: 1 })),
    ],
    ['throttle: its options must be a map, not undefined', () => throttle(wrong(undefined))],
    ['throttle: its options must be a map, not a list', () => throttle(wrong([]))],
    ["dedupe: key must be a function, not 'id'", () => dedupe(wrong({ key: 'id' }))],
    ['dedupe: size must be a whole number from 1 to 10,000,000, not 0', () => dedupe({ size: 0 })],
    [
      'dedupe: windowSeconds must be a number of seconds from 0.001 to 31,536,000, not -1',
      () => dedupe({ windowSeconds: -1 }),
    ],
    ["dedupe: there is no option 'window'", () => dedupe(wrong({ window: 1 }))],
    [
      'correlation: header must be a text of at least one character, not an empty string',
      () => correlation({ header: '' }),
    ],
    ['recover: handler must be a function, not undefined', () => recover(wrong(undefined))],
    [
      'circuitBreaker: failures must be a whole number from 1 to 10,000,000, not 0',
      () => circuitBreaker({ failures: 0, resetSeconds: 1 }),
    ],
    [
      'circuitBreaker: resetSeconds must be a number of seconds from 0.001 to 31,536,000, not 0',
      () => circuitBreaker({ failures: 1, resetSeconds: 0 }),
    ],
    [
      'circuitBreaker: clock must be a clock, with now() and after(), not null',
      () => circuitBreaker(wrong({ failures: 1, resetSeconds: 1, clock: null })),
    ],
  ])('%s', (text, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: text }));
  });

  it('and an option that is undefined is one that is absent', () => {
    const made = [timeout(1, { clock: undefined }), dedupe({ key: undefined, size: undefined })];
    expect(made).toEqual([expect.any(Function), expect.any(Function)]);
  });
});
