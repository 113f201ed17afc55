import type { RunHandle } from '@dagger/core';
import { ExitCode } from './exit-code.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ctrl-C cancels the run and lets its actions end; again, it waits no longer; a third time, it leaves at once.
 * @returns what gives the signals back.
 */
export const cancelOnSignals = (handle: RunHandle, say: (line: string) => void): (() => void) => {
  let received = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    received++;
    if (received > 2) process.exit(ExitCode.CANCELLED);
    say(
      received === 1
        ? `${signal}: cancelling, running actions may end; once more to stop waiting for them`
        : `${signal}: not waiting any longer`,
    );
    handle.cancel(`cancelled by ${signal}`);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
};
