import { describe, expect, it } from 'vitest';
import type { InputRequest } from '../actions/output.ts';
import { waitRequest } from './wait-request.ts';

const NOW = 1_000_000;
const SETTINGS = { humanWaitMinutes: 5, humanTimeoutAction: 'autopilot' } as const;

const made = (asked: Partial<InputRequest>) =>
  waitRequest({ prompt: 'Ship it?', ...asked }, SETTINGS, NOW);

describe('what an action asks', () => {
  it('has the settings of the run where it says nothing', () => {
    expect(made({})).toEqual({
      prompt: 'Ship it?',
      details: null,
      due: NOW + 5 * 60_000,
      onTimeout: 'autopilot',
      onReject: 'fail',
      wakeOn: null,
    });
  });

  it('has its own settings over those of the run', () => {
    const wakeOn = { namespace: 'a', key: 'b' };
    expect(
      made({
        waitMinutes: null,
        onTimeout: 'pause',
        onReject: 'answer',
        details: { a: 1 },
        wakeOn,
      }),
    ).toMatchObject({
      due: null,
      onTimeout: 'pause',
      onReject: 'answer',
      details: { a: 1 },
      wakeOn,
    });
    expect(made({ waitMinutes: 0 }).due).toBe(NOW);
    expect(made({ waitMinutes: 1_440 }).due).toBe(NOW + 86_400_000);
  });

  it('does not change any more with what the action asked about', () => {
    const details = { list: [1] };
    const request = made({ details });
    details.list.push(2);
    expect(request.details).toEqual({ list: [1] });
  });

  it.each([
    [{ prompt: '' }, 'prompt must be'],
    [{ prompt: 3 }, 'prompt must be'],
    [{ waitMinutes: -1 }, 'waitMinutes must be from 0 to 1440, or null, not -1'],
    [{ waitMinutes: 1_441 }, 'not 1441'],
    [{ waitMinutes: Number.NaN }, 'not NaN'],
    [{ onTimeout: 'explode' }, "onTimeout must be 'autopilot' or 'pause'"],
    [{ onReject: 'shrug' }, "onReject must be 'fail' or 'answer'"],
    [{ wakeOn: { namespace: 'a' } }, 'wakeOn must name'],
    [{ wakeOn: null }, 'wakeOn must name'],
  ])('is refused when it makes no sense: %j', (asked, message) => {
    expect(() => made(asked as Partial<InputRequest>)).toThrow(message);
  });

  it('is refused with details that are not JSON', () => {
    expect(() => made({ details: { f: () => 1 } })).toThrow(
      expect.objectContaining({ code: 'NOT_JSON' }),
    );
  });
});
