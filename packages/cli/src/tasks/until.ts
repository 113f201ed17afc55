import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../reason.ts';

/** Milliseconds between two looks at the database. */
const LOOK = 200;

/**
 * Looks again and again until something is so, or the signal comes. A database that is away for a while ends nothing.
 * @returns whether it came to be so
 */
export const until = async (
  isSo: () => Promise<boolean>,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<boolean> => {
  let told: string | undefined;
  while (!signal.aborted) {
    try {
      if (await isSo()) return true;
      told = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== told) say(`cannot look at the database, trying again: ${reason}`);
      told = reason;
    }
    // The signal ends the pause.
    await pause(LOOK, undefined, { signal }).catch(() => {});
  }
  return false;
};
