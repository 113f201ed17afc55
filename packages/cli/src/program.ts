import { Command, CommanderError } from 'commander';
import { addAnswer } from './commands/answer.ts';
import { addApprove } from './commands/approve.ts';
import { addCancel } from './commands/cancel.ts';
import { addDump } from './commands/dump.ts';
import { addExplain } from './commands/explain.ts';
import { addFork } from './commands/fork.ts';
import { addGraph } from './commands/graph.ts';
import { addInstruct } from './commands/instruct.ts';
import { addList } from './commands/list.ts';
import { addMessages } from './commands/messages.ts';
import { addPause } from './commands/pause.ts';
import { addPrune } from './commands/prune.ts';
import { addReject } from './commands/reject.ts';
import { addRerun } from './commands/rerun.ts';
import { addResume } from './commands/resume.ts';
import { addRun } from './commands/run.ts';
import { addRuns } from './commands/runs.ts';
import { addSet } from './commands/set.ts';
import { addTasks } from './commands/tasks.ts';
import { addTools } from './commands/tools.ts';
import { addValidate } from './commands/validate.ts';
import { addWorker } from './commands/worker.ts';
import { severalLines } from './escape.ts';
import { ExitCode, exitCodeOfError } from './exit-code.ts';
import { overview } from './help.ts';
import { manifest } from './manifest.ts';
import { printError } from './print-error.ts';

const newProgram = (finish: (code: ExitCode) => void): Command => {
  const program = new Command('dagger')
    .description(
      'Validates, runs, resumes and draws workflows: graphs of actions, and jobs of tasks; looks after channels.',
    )
    .version(manifest().version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--verbose', 'tell more: every start, log lines of actions, stacks of errors')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(severalLines(text)) })
    .addHelpText('after', overview)
    .exitOverride();
  for (const add of [
    addRun,
    addResume,
    addRerun,
    addFork,
    addApprove,
    addReject,
    addAnswer,
    addSet,
    addInstruct,
    addPause,
    addCancel,
    addValidate,
    addGraph,
    addRuns,
    addExplain,
    addDump,
    addPrune,
    addList,
    addTools,
    addWorker,
    addTasks,
    addMessages,
  ])
    add(program, finish);
  return program;
};

/** Does what a command line says and gives the exit code. */
export const runCommandLine = async (args: readonly string[]): Promise<ExitCode> => {
  let code: ExitCode = ExitCode.SUCCESS;
  const program = newProgram((ended) => (code = ended));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said already what was wrong, and help and version are no mistakes.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? ExitCode.SUCCESS : ExitCode.USAGE;
    printError(error, program.opts<{ verbose?: boolean }>().verbose === true);
    return exitCodeOfError(error);
  }
};
