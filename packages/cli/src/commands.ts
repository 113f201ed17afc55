import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';

interface Definition {
  /** Gives a command its arguments, options and help, and what it does. */
  readonly define: (command: Command, finish: (code: ExitCode) => void) => void;
}

type Entry = readonly [description: string, load: () => Promise<Definition>];

/** The commands in the order of the help. One is loaded when it is named, and with it all of core: help needs neither. */
export const COMMANDS: { readonly [name: string]: Entry } = {
  run: ['run a workflow to its end', () => import('./commands/run.ts')],
  resume: [
    'go on with a run after a crash, a pause, a failure or a cancellation',
    () => import('./commands/resume.ts'),
  ],
  rerun: [
    'do a node of a run again, with what follows from it, as a new run',
    () => import('./commands/rerun.ts'),
  ],
  fork: [
    'make a new run out of a run: from some nodes on, with changed inputs',
    () => import('./commands/fork.ts'),
  ],
  approve: ['say yes to what a node asks', () => import('./commands/approve.ts')],
  reject: ['say no to what a node asks', () => import('./commands/reject.ts')],
  answer: ['answer what a node asks', () => import('./commands/answer.ts')],
  set: ['set a shared value of a run', () => import('./commands/set.ts')],
  instruct: [
    'put an instruction into the queue of an agent-driven run',
    () => import('./commands/instruct.ts'),
  ],
  pause: ['pause a run, or a branch of it', () => import('./commands/pause.ts')],
  cancel: ['cancel a run, or a branch of it', () => import('./commands/cancel.ts')],
  validate: [
    'find every problem of workflow files without running them',
    () => import('./commands/validate.ts'),
  ],
  graph: ['draw a workflow, or a run of it', () => import('./commands/graph.ts')],
  runs: ['look at the runs of a database', () => import('./commands/runs.ts')],
  explain: ['say why a node of a run did what it did', () => import('./commands/explain.ts')],
  dump: ['print everything that is stored of a run, as JSON', () => import('./commands/dump.ts')],
  prune: ['delete old runs and old results', () => import('./commands/prune.ts')],
  list: [
    'list the workflows of a directory with their descriptions and tags',
    () => import('./commands/list.ts'),
  ],
  tools: [
    'print the inputs and outputs of actions as JSON Schema, for a language model',
    () => import('./commands/tools.ts'),
  ],
  worker: ['run the agents of tasks, until it is stopped', () => import('./commands/worker.ts')],
  tasks: ['look at jobs of tasks, and decide about them', () => import('./commands/tasks.ts')],
  messages: [
    'look at channels, replay them, re-drive dead letters, and decide on what waits for people',
    () => import('./commands/messages.ts'),
  ],
};

/** The commands that a command line names: the one that is meant, and seldom a word that is called the same. */
export const namedIn = (args: readonly string[]): readonly string[] =>
  Object.keys(COMMANDS).filter((name) => args.includes(name));
