import { describe, expect, it } from 'vitest';
import { busViolations, type BusesAccount, type SeenMessage } from './check.ts';
import type { BusEffect } from './effects.ts';

const input: SeenMessage = { id: '1', causationId: null, input: '0', what: 'in 1' };
const output: SeenMessage = { id: '2', causationId: '1', input: null, what: 'out 1' };
const account = (...messages: readonly SeenMessage[]): BusesAccount => ({
  of: 'buses',
  messages,
  traced: messages.map(({ id }) => id),
  pending: 0,
});
const effects: readonly (BusEffect | { readonly type: 'session' })[] = [
  { type: 'session' },
  { type: 'published', input: 0 },
];

describe('a crash of durable channels', () => {
  it('may change ids, and nothing else', () => {
    const again = account({ ...input, id: 'a' }, { ...output, id: 'b', causationId: 'a' });
    expect(busViolations(account(input, output), again, effects)).toEqual([]);
  });

  it.each<[string, BusesAccount, readonly string[]]>([
    [
      'loses what was acknowledged',
      account(),
      [
        'input 0 was acknowledged and is lost',
        "'in 1' was published 0 times, and undisturbed 1 times",
        "'out 1' was published 0 times, and undisturbed 1 times",
      ],
    ],
    [
      'leaves an output without its cause',
      account(input, { ...output, causationId: 'x' }),
      ["'out 1' is there without its cause"],
    ],
    [
      'publishes an output twice',
      account(input, output, { ...output, id: '3' }),
      ["'out 1' was published 2 times, and undisturbed 1 times"],
    ],
    [
      'leaves something to be done',
      { ...account(input, output), pending: 2 },
      ['2 deliveries are left'],
    ],
  ])('is told of when it %s', (_, found, violations) => {
    expect(busViolations(account(input, output), found, effects)).toEqual(violations);
  });
});
