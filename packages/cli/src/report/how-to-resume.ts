import type { RunReport } from '@dagger/core';
import { oneLine, shellWord } from '../escape.ts';
import { withoutPassword } from '../storage-url.ts';

/** Of many questions, so many are shown with the command that answers them. */
const MOST_HINTS = 5;

export const commandLine = (words: readonly string[]): string => words.map(shellWord).join(' ');

/** How a command names the storage: not at all where the variable does, and never with a password. */
export const storageWords = (storage: string): readonly string[] =>
  storage === process.env['DAGGER_STORAGE'] ? [] : ['--storage', withoutPassword(storage)];

/** The command that goes on with a run. */
export const resumeCommand = (
  runId: string,
  storage: string,
  actions: readonly string[] = [],
): string => {
  const words = ['dagger', 'resume', runId, ...storageWords(storage)];
  for (const path of actions) words.push('--actions', path);
  return commandLine(words);
};

/** The command that says yes to what a node asks. */
export const approveCommand = (runId: string, nodeId: string, storage: string): string =>
  commandLine(['dagger', 'approve', runId, nodeId, ...storageWords(storage)]);

/** The commands that answer what a run waits for. */
const howToAnswer = ({ runId, waiting }: RunReport, storage: string): readonly string[] => {
  if (waiting.length === 0) return [];
  const hints = waiting
    .slice(0, MOST_HINTS)
    .map(({ nodeId }) => `  ${approveCommand(runId, nodeId, storage)}`);
  if (waiting.length > MOST_HINTS)
    hints.push(`  … and ${waiting.length - MOST_HINTS} more; \`dagger runs show\` has them all`);
  return ['To answer (approve, reject or answer):', ...hints];
};

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
  const kept = `Kept in ${oneLine(withoutPassword(storage))}.`;
  if (done) return kept;
  const answers = howToAnswer(report, storage);
  const resume = `  ${resumeCommand(report.runId, storage, actions)}`;
  return answers.length === 0
    ? `${kept} To go on:\n${resume}`
    : [kept, ...answers, 'Then go on:', resume].join('\n');
};
