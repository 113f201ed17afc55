import { INSTRUCTIONS, readInstructions, systemIds, type JsonValue } from '@dagger/core';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { parseJson } from '../inputs.ts';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import { jsonOption, storageOption } from '../options.ts';
import { tellRun, type TellOptions } from './tell-run.ts';

interface InstructOptions extends TellOptions {
  readonly key?: string;
}

/** The flow would only note what is wrong, where nobody looks. @throws InvalidCommandLine */
const mustBeRight = (key: string, value: JsonValue): void => {
  const [wrong] = readInstructions([[key, value]]).invalid;
  if (wrong !== undefined) throw new InvalidCommandLine(`not an instruction: ${wrong.problem}`);
};

const instruct = async (
  runId: string,
  json: string,
  { key = systemIds.runId(), ...rest }: InstructOptions,
): Promise<ExitCode> => {
  const value = parseJson(json, 'the instruction');
  mustBeRight(key, value);
  return tellRun(
    runId,
    { type: 'UpdateCache', namespace: INSTRUCTIONS, key, value },
    `instruct run '${runId}'`,
    rest,
  );
};

const help = `
Example:
  dagger instruct research-7 '{"action": "retrieve_info", "params": {"topic": "prices"}, "priority": 5}' --storage runs.db
  dagger instruct research-7 '{"action": "human_review", "params": {"prompt": "Go on?"}}' --storage runs.db

For agent-driven flows, whose graph has a \`supervisor_step\`: the next iteration carries it out. Higher priorities come first.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('<json>', 'the instruction: action, params, priority')
    .option('--key <name>', 'the same name again is the same instruction (default: a new one)')
    .addOption(storageOption())
    .addOption(jsonOption('what became of it'))
    .addHelpText('after', help)
    .action(async (runId: string, json: string, options: InstructOptions) =>
      finish(await instruct(runId, json, options)),
    );
};
