import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/clock.ts';
import { DaggerError } from '../errors.ts';
import { insist, type Insistence } from './insist.ts';

/** A row that is written or not; `steps` says how each call of `write` and `look` goes. */
const setup = (
  steps: { readonly write?: readonly Step[]; readonly look?: readonly Step[] },
  more: Partial<Insistence<string>> = {},
): { readonly clock: ManualClock; readonly told: string[]; readonly done: Promise<string> } => {
  const clock = new ManualClock();
  const told: string[] = [];
  let there = false;
  const take = (what: 'write' | 'look'): Step => {
    const n = told.filter((one) => one.startsWith(what)).length;
    told.push(`${what} at ${clock.elapsed}`);
    return steps[what]?.[n] ?? steps[what]?.at(-1) ?? 'works';
  };
  const done = insist({
    write: async () => {
      const step = take('write');
      if (step === 'works' || step === 'happens and throws') there = true;
      if (step !== 'works') throw failureOf(step);
      return Promise.resolve('written');
    },
    look: async () => {
      const step = take('look');
      if (step !== 'works') throw failureOf(step);
      return Promise.resolve(there ? { value: 'found' } : undefined);
    },
    clock,
    isPermanent: (error) => error instanceof Error && error.message === 'is hopeless',
    ...more,
  });
  done.catch(() => {});
  return { clock, told, done };
};

type Step =
  | 'works'
  | 'throws'
  | 'happens and throws'
  | 'is hopeless'
  | 'is a mistake'
  | 'is lost'
  | 'is away'
  | 'is closed';

const failureOf = (step: Step): Error =>
  step === 'is lost'
    ? new DaggerError('RUN_LOST', step)
    : step === 'is away' || step === 'is closed'
      ? new DaggerError('STORAGE_FAILED', step, { recoverable: step === 'is away' })
      : step === 'is a mistake'
        ? new TypeError(step)
        : new Error(step);

describe('a write', () => {
  it('that works is done once, and nobody looks', async () => {
    const { clock, told, done } = setup({});
    expect(await clock.drive(done)).toBe('written');
    expect(told).toEqual(['write at 0']);
  });

  it('that happened although it threw is found, and not done again', async () => {
    const { clock, told, done } = setup({ write: ['happens and throws'] });
    expect(await clock.drive(done)).toBe('found');
    expect(told).toEqual(['write at 0', 'look at 0']);
  });

  it('that did not happen is done again, after longer and longer pauses', async () => {
    const { clock, told, done } = setup({ write: ['throws', 'throws', 'throws', 'works'] });
    expect(await clock.drive(done)).toBe('written');
    expect(told.filter((one) => one.startsWith('write'))).toEqual([
      'write at 0',
      'write at 50',
      'write at 150',
      'write at 350',
    ]);
  });

  it('is not done again before one could look', async () => {
    const { clock, told, done } = setup({
      write: ['happens and throws'],
      look: ['throws', 'throws', 'works'],
    });
    expect(await clock.drive(done)).toBe('found');
    expect(told).toEqual(['write at 0', 'look at 0', 'look at 50', 'look at 150']);
  });

  it('that never works rejects with its own error before the lease of a run is over [P62]', async () => {
    const { clock, done } = setup({ write: ['throws'] });
    await expect(clock.drive(done)).rejects.toThrow('throws');
    expect(clock.elapsed).toBeGreaterThan(8_000);
    expect(clock.elapsed).toBeLessThan(13_000);
  });

  it.each(['is hopeless', 'is a mistake', 'is lost'] as const)(
    'that %s is not done again [P63]',
    async (step) => {
      const { clock, told, done } = setup({ write: [step] });
      await expect(clock.drive(done)).rejects.toThrow(step);
      expect(told.filter((one) => one.startsWith('write'))).toEqual(['write at 0']);
    },
  );

  it('that finds its own row in the way is done', async () => {
    const { clock, told, done } = setup({
      write: ['throws', 'is hopeless'],
      look: ['works', 'works'],
    });
    await expect(clock.drive(done)).rejects.toThrow('is hopeless');
    expect(told).toHaveLength(4);
    const late = setup(
      { write: ['throws', 'is hopeless'] },
      { look: async () => Promise.resolve(late.told.length > 1 ? { value: 'late' } : undefined) },
    );
    expect(await late.clock.drive(late.done)).toBe('late');
  });

  it('whose look says that the run was lost rejects with that', async () => {
    const { clock, done } = setup({ write: ['throws'], look: ['is lost'] });
    await expect(clock.drive(done)).rejects.toMatchObject({ code: 'RUN_LOST' });
  });

  it('to a server that is away is tried again when it is back', async () => {
    const { clock, told, done } = setup({
      write: ['throws', 'is away', 'works'],
      look: ['is away', 'is away', 'works'],
    });
    expect(await clock.drive(done)).toBe('written');
    expect(told.filter((one) => one.startsWith('write'))).toHaveLength(3);
  });

  it('to a database that was closed is given up at once', async () => {
    const { clock, told, done } = setup({ write: ['throws'], look: ['is closed'] });
    await expect(clock.drive(done)).rejects.toThrow('is closed');
    expect(told).toHaveLength(2);
  });

  it('is given up at once when whoever wants it closes', async () => {
    const closing = new AbortController();
    const { clock, told, done } = setup({ write: ['throws'] }, { signal: closing.signal });
    await clock.advance(60);
    closing.abort();
    await expect(done).rejects.toThrow('throws');
    expect(told.at(-1)).toBe('look at 50');
  });
});
