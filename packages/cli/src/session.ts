import { toDot, type DagExecutor, type RunHandle, type RunReport } from '@dagger/core';
import { cancelOnSignals } from './cancel-on-signals.ts';
import { oneLine } from './escape.ts';
import { exitCodeOfStatus, type ExitCode } from './exit-code.ts';
import { guardExit } from './guard-exit.ts';
import { print, type Print } from './output.ts';
import { chooseProgress } from './progress/choose.ts';
import type { Progress } from './progress/progress.ts';
import { approveCommand, howToResume } from './report/how-to-resume.ts';
import { summary } from './report/summary.ts';
import { waitText } from './report/waits.ts';
import { saveFile } from './save-file.ts';
import { toSvg } from './svg.ts';

export interface SessionOptions {
  readonly storage: string | undefined;
  readonly actions: readonly string[];
  /** Where the one document goes, when JSON is wanted. */
  readonly json: Print | undefined;
  readonly svg: string | undefined;
  readonly verbose: boolean;
}

const follow = async (
  handle: RunHandle,
  progress: Progress,
  storage: string | undefined,
): Promise<RunReport> => {
  handle.events.subscribe((event) => {
    progress.tell(event);
    // The process waits for so long; a question without end is told of when it has ended.
    if (event.type === 'NodeWaiting' && event.due !== null && storage !== undefined)
      progress.say(`  ${approveCommand(handle.runId, event.nodeId, storage)}`);
  });
  // What was asked in an earlier session has no event in this one.
  for (const node of handle.report().waiting) progress.say(waitText(node));
  const release = cancelOnSignals(handle, (line) => progress.say(line));
  try {
    return await handle.done;
  } finally {
    release();
    progress.stop();
  }
};

/** Starts a session of a run, watches it to its end and prints what became of the run. */
export const watchSession = async (
  executor: DagExecutor,
  start: () => Promise<RunHandle>,
  options: SessionOptions,
): Promise<ExitCode> => {
  const { storage, actions, json, svg, verbose } = options;
  // From its start on the run is watched: nothing else is waited for in between.
  const progressOf = await chooseProgress(verbose);
  const handle = await start();
  const unguard = guardExit(() => {
    const more = howToResume(handle.report(), storage, actions);
    return `the process was ended before the run '${oneLine(handle.runId)}' was over${more === undefined ? '' : `\n${more}`}`;
  });
  const report = await follow(handle, progressOf(handle), storage).finally(unguard);
  if (json !== undefined) await json(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const more = howToResume(report, storage, actions);
    await print(`${summary(report)}\n${more === undefined ? '' : `${more}\n`}`);
  }
  if (svg !== undefined)
    await saveFile(svg, await toSvg(toDot(await executor.runGraph(report.runId), report)));
  return exitCodeOfStatus(report.status);
};
