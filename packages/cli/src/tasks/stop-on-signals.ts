import { ExitCode } from '../exit-code.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Stopping extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
}

/**
 * Ctrl-C asks a worker to take nothing more and to finish what it has; again, it leaves at once, and others take its tasks
 * over. Leaving the block gives the signals back.
 * @param leaving called before it leaves at once
 */
export const stopOnSignals = (say: (line: string) => void, leaving: () => void): Stopping => {
  const stopping = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      say(`${signal}: not waiting any longer; other workers take over what runs`);
      leaving();
      process.exit(ExitCode.CANCELLED);
    }
    say(`${signal}: taking no more tasks, finishing those that run; once more to leave at once`);
    stopping.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: stopping.signal,
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
};
