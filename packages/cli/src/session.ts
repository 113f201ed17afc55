import { toDot, type DagExecutor, type RunHandle, type RunReport } from '@dagger/core';
import { cancelOnSignals } from './cancel-on-signals.ts';
import { oneLine } from './escape.ts';
import { exitCodeOfStatus, type ExitCode } from './exit-code.ts';
import { guardExit } from './guard-exit.ts';
import { print, type Print } from './output.ts';
import { chooseProgress } from './progress/choose.ts';
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
  { verbose, storage }: SessionOptions,
): Promise<RunReport> => {
  const progress = chooseProgress(handle, verbose);
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

/** Watches a run to the end of its session and prints what became of it. */
export const watchSession = async (
  executor: DagExecutor,
  handle: RunHandle,
  options: SessionOptions,
): Promise<ExitCode> => {
  const { storage, actions, json, svg } = options;
  const unguard = guardExit(() => {
    const more = howToResume(handle.report(), storage, actions);
    return `the process was ended before the run '${oneLine(handle.runId)}' was over${more === undefined ? '' : `\n${more}`}`;
  });
  const report = await follow(handle, options).finally(unguard);
  if (json !== undefined) await json(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const more = howToResume(report, storage, actions);
    await print(`${summary(report)}\n${more === undefined ? '' : `${more}\n`}`);
  }
  if (svg !== undefined)
    await saveFile(svg, await toSvg(toDot(await executor.runGraph(report.runId), report)));
  return exitCodeOfStatus(report.status);
};
