import type { RunHandle } from '@dagger/core';
import { plainProgress } from './plain-progress.ts';
import type { Progress } from './progress.ts';

/** A live block on a terminal that can draw it, plain lines elsewhere. Only what is chosen is loaded. */
export const chooseProgress = async (
  verbose: boolean,
): Promise<(handle: RunHandle) => Progress> => {
  if (!process.stderr.isTTY || process.env['TERM'] === 'dumb' || process.env['CI'] !== undefined)
    return () => plainProgress(verbose);
  const { liveProgress } = await import('./live-progress.ts');
  return (handle) => liveProgress(handle, verbose);
};
