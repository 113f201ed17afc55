import { Command, CommanderError } from 'commander';
import { COMMANDS, namedIn } from './commands.ts';
import { ExitCode } from './exit-code.ts';
import { overview } from './help.ts';
import { manifest } from './manifest.ts';

interface Said {
  readonly ended: (code: ExitCode) => void;
  readonly wrong: (text: string) => void;
}

const newProgram = async (args: readonly string[], { ended, wrong }: Said): Promise<Command> => {
  const program = new Command('dagger')
    .description(
      'Validates, runs, resumes and draws workflows: graphs of actions, and jobs of tasks; looks after channels.',
    )
    .version(manifest().version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--verbose', 'tell more: every start, log lines of actions, stacks of errors')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: wrong })
    .addHelpText('after', overview)
    .exitOverride();
  const named = namedIn(args);
  for (const [name, [description, load]] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(description);
    if (named.includes(name)) (await load()).define(command, ended);
  }
  return program;
};

/** Does what a command line says and gives the exit code. */
export const runCommandLine = async (args: readonly string[]): Promise<ExitCode> => {
  let code: ExitCode = ExitCode.SUCCESS;
  let mistake = '';
  const program = await newProgram(args, {
    ended: (how) => (code = how),
    wrong: (text) => (mistake += text),
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (mistake !== '') process.stderr.write((await import('./escape.ts')).severalLines(mistake));
      // Commander has printed help or the version, which are no mistakes.
      if (error.exitCode === 0) return ExitCode.SUCCESS;
      return ExitCode.USAGE;
    }
    const { printError } = await import('./print-error.ts');
    const { exitCodeOfError } = await import('./exit-code-of-error.ts');
    printError(error, program.opts<{ verbose?: boolean }>().verbose === true);
    return exitCodeOfError(error);
  }
};
