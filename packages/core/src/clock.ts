/** Cancels a timer; calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/** Where time comes from. Inject a simulated one in tests. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `wake` once, `ms` milliseconds from now; any non-negative delay, also beyond the 24.8 days of `setTimeout`. */
  after(ms: number, wake: () => void): CancelTimer;
}

const LONGEST_TIMEOUT = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, wake) {
    const due = Date.now() + ms;
    let timer: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const left = due - Date.now();
      timer =
        left > LONGEST_TIMEOUT
          ? setTimeout(arm, LONGEST_TIMEOUT)
          : setTimeout(wake, Math.max(0, left));
    };
    arm();
    return () => clearTimeout(timer);
  },
};
