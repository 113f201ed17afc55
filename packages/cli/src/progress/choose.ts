import type { RunHandle } from '@dagger/core';
import { liveProgress } from './live-progress.ts';
import { plainProgress } from './plain-progress.ts';
import type { Progress } from './progress.ts';

/** A live block on a terminal that can draw it, plain lines elsewhere. */
export const chooseProgress = (handle: RunHandle, verbose: boolean): Progress =>
  process.stderr.isTTY && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined
    ? liveProgress(handle, verbose)
    : plainProgress(verbose);
