import type { JobHandle, JobSpec } from '@dagger/tasks';
import { Option, type Command } from 'commander';
import { oneLine } from '../escape.ts';
import { ExitCode } from '../exit-code.ts';
import { guardExit } from '../guard-exit.ts';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import { logLines } from '../log-lines.ts';
import { atLeastZero, jsonOption, repeatable, storageOption, wholeNumber } from '../options.ts';
import { print, reserveStdout } from '../output.ts';
import { taskLines } from '../progress/task-lines.ts';
import { loadAgents } from '../tasks/agents-module.ts';
import { endOfJob, endOfWork, type Ending } from '../tasks/endings.ts';
import { readJobFile } from '../tasks/job-file.ts';
import { openNewTasks, openTasks, type OpenTasks } from '../tasks/open-tasks.ts';
import { stopOnSignals } from '../tasks/stop-on-signals.ts';
import { tasksPackage } from '../tasks/tasks-package.ts';
import { until } from '../tasks/until.ts';

interface WorkerOptions {
  readonly agents?: readonly string[];
  readonly remoteAgent?: readonly string[];
  readonly storage?: string;
  readonly concurrency?: number;
  readonly drain: number;
  readonly untilIdle?: true;
  readonly job?: string;
  readonly json?: true;
  readonly verbose?: true;
}

const say = (line: string): void => console.error(line);

/** Resolves when there is nothing more to do here, or when the signal comes; whether it was the former. */
const workToTheEnd = (
  { manager }: OpenTasks,
  job: JobHandle | undefined,
  untilIdle: boolean,
  signal: AbortSignal,
): Promise<boolean> => {
  const isOver = async (): Promise<boolean> => {
    if (job === undefined) return untilIdle && !(await manager.hasWork());
    const { status, waiting } = await job.view();
    return waiting || (status !== 'running' && status !== 'paused');
  };
  return until(isOver, signal, say);
};

/** Works until the end, and then waits for what runs, or gives it back where it does not end in time. */
const workOn = async (
  open: OpenTasks,
  spec: JobSpec | undefined,
  { untilIdle, verbose }: WorkerOptions,
): Promise<{ readonly job: JobHandle | undefined; readonly isDone: boolean }> => {
  const { manager } = open;
  manager.events.subscribe(taskLines(verbose === true, say));
  const unguard = guardExit(() => 'the process was ended before the worker was done');
  using stopping = stopOnSignals(say, unguard);
  try {
    const job = spec && (await manager.startJob(spec));
    const agents = manager.agents.list().map((name) => oneLine(name, 80));
    if (job?.isNew === false) say(`job ${oneLine(job.id)} was there already: going on with it`);
    else if (job === undefined) say(`working on tasks of ${agents.join(', ')}`);
    const isDone = await workToTheEnd(open, job, untilIdle === true, stopping.signal);
    await manager.close();
    return { job, isDone };
  } finally {
    unguard();
  }
};

const work = async (options: WorkerOptions): Promise<ExitCode> => {
  const json = options.json === true ? reserveStdout() : undefined;
  const { agents = [], remoteAgent = [], storage = '', concurrency, drain } = options;
  if (agents.length === 0)
    throw new InvalidCommandLine('say what the worker runs: --agents ./agents.ts');
  const spec = options.job === undefined ? undefined : await readJobFile(options.job);
  await using open = await (spec === undefined ? openTasks : openNewTasks)(storage, {
    agents: await loadAgents(await tasksPackage(), agents),
    remoteAgents: remoteAgent,
    drainSeconds: drain,
    logger: logLines(options.verbose === true),
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  const { job, isDone } = await workOn(open, spec, options);
  const ending: Ending = await (job === undefined
    ? endOfWork(open, storage)
    : endOfJob(open, job, storage));
  await (json === undefined
    ? print(`${ending.text}\n`)
    : json(`${JSON.stringify(ending.json, null, 2)}\n`));
  return isDone ? ending.code : ExitCode.CANCELLED;
};

const help = `
Example:
  dagger worker --agents ./agents.ts --storage postgres://user@host/database
  dagger worker --agents ./agents.ts --job job.yaml --storage tasks.db
  dagger worker --agents ./agents.ts --until-idle --storage tasks.db

It takes tasks whose agents it has, from all jobs, beside any number of other workers. A line per event goes to stderr,
with --verbose also for every start. Ctrl-C (or SIGTERM) takes no more, lets what runs end for --drain seconds, and gives
the rest back; pressed again, it leaves at once, and other workers take over.

A module of agents is JavaScript or TypeScript; every export that is an agent, or a list of them, counts:
  // agents.ts
  export const greet = {
    name: 'greet',
    async execute({ input }) {
      return { text: \`Hello \${input.name}\` };
    },
  };

A job is JSON or YAML, with the fields of a JobSpec:
  # job.yaml
  id: greetings # the same id again goes on with the same job
  tasks:
    - { key: first, agent: greet, input: { name: Ann } }
    - { key: second, agent: greet, input: { name: Bob }, needs: [first] }

Exit codes:
  0    the job succeeded; with --until-idle, nothing is left for its agents
  1    the job failed
  2    bad usage, or a file that cannot be used
  3    what is left waits for people: see \`dagger tasks tree --help\` and \`dagger tasks accept --help\`
  130  ended by Ctrl-C or SIGTERM, also when all that ran has ended; or the job was cancelled
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .addOption(repeatable('-a, --agents <module>', 'a JavaScript or TypeScript module of agents'))
    .addOption(storageOption())
    .option('--concurrency <number>', 'tasks at the same time (default: 50)', wholeNumber)
    .addOption(
      repeatable(
        '--remote-agent <name>',
        'an agent of other workers, for which tasks may be added',
      ),
    )
    .addOption(
      new Option('--drain <seconds>', 'how long tasks may go on after a signal')
        .argParser(atLeastZero)
        .default(10),
    )
    .addOption(
      new Option('--until-idle', 'end when nothing is left for its agents').conflicts('job'),
    )
    .option('--job <file>', 'start the job of a JSON or YAML file, and end with it')
    .addOption(jsonOption('the result of the job, or what is left,'))
    .addHelpText('after', help)
    .action(async () => finish(await work(command.optsWithGlobals<WorkerOptions>())));
};
