import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';

const DAY = 86_400_000;

describe('the clock of the system', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('wakes once, when the time has come', () => {
    const wake = vi.fn<() => void>();
    systemClock.after(1_000, wake);
    vi.advanceTimersByTime(999);
    expect(wake).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(wake).toHaveBeenCalledTimes(1);
  });

  it('waits longer than setTimeout can', () => {
    const wake = vi.fn<() => void>();
    systemClock.after(60 * DAY, wake);
    vi.advanceTimersByTime(60 * DAY - 1);
    expect(wake).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(wake).toHaveBeenCalledTimes(1);
  });

  it('does not wake after it was called off, at whatever time', () => {
    const wake = vi.fn<() => void>();
    const cancel = systemClock.after(60 * DAY, wake);
    vi.advanceTimersByTime(30 * DAY);
    cancel();
    cancel();
    vi.advanceTimersByTime(100 * DAY);
    expect(wake).not.toHaveBeenCalled();
  });
});
