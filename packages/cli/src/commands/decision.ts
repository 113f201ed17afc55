import type { ExecutorCommand, JsonValue } from '@dagger/core';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { parseJson } from '../inputs.ts';
import { jsonOption, storageOption } from '../options.ts';
import { whoAmI } from '../who-am-i.ts';
import { tellRun, type TellOptions } from './tell-run.ts';

export interface DecisionOptions extends TellOptions {
  readonly data?: string;
  readonly reason?: string;
  readonly by?: string;
}

type Decision = (ExecutorCommand & { readonly type: 'GiveInput' })['decision'];

/** Says to a node of a run what a person decided. */
export const decide = (
  runId: string,
  nodeId: string,
  decision: Decision,
  { data, reason, by = whoAmI(), ...rest }: DecisionOptions,
  answer?: JsonValue,
): Promise<ExitCode> => {
  const given = data === undefined ? answer : parseJson(data, '--data');
  const command: ExecutorCommand = {
    type: 'GiveInput',
    nodeId,
    decision,
    ...(given === undefined ? {} : { data: given }),
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
  };
  return tellRun(runId, command, `${decision} ${nodeId} of run '${runId}'`, rest);
};

export const withDecisionOptions = (command: Command): Command =>
  command
    .option('--reason <text>', 'why')
    .option('--by <name>', 'who decided (default: the user of the system)')
    .addOption(storageOption())
    .addOption(jsonOption('what became of it'));

/** How answers travel, for the help of each command that gives one. */
export const answersHelp: string = `
An answer may come before the question, while the node waits, or while no process works on the run: it is stored, and
taken up once. The process that works on the run gets it within a second; else resume the run.
`;
