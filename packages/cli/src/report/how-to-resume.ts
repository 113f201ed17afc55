import type { RunReport } from '@dagger/core';
import { oneLine, shellWord } from '../escape.ts';

/** Where a run is kept and how it goes on; undefined when there is nothing to say. */
export const howToResume = (
  report: RunReport,
  storage: string | undefined,
  actions: readonly string[],
): string | undefined => {
  const done = report.status === 'succeeded';
  if (storage === undefined)
    return done
      ? undefined
      : 'The run was kept in memory only; with --storage it could be resumed.';
  const kept = `Kept in ${oneLine(storage)}.`;
  if (done) return kept;
  const words = ['dagger', 'resume', report.runId, '--storage', storage];
  for (const path of actions) words.push('--actions', path);
  return `${kept} To go on:\n  ${words.map(shellWord).join(' ')}`;
};
