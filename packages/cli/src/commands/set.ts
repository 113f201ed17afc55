import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { parseJson } from '../inputs.ts';
import { jsonOption, storageOption } from '../options.ts';
import { tellRun, type TellOptions } from './tell-run.ts';

const help = `
Example:
  dagger set nightly-2025-01-31 limits rows 500 --storage runs.db
  dagger set nightly-2025-01-31 limits regions '["north", "south"]' --storage runs.db

The value is JSON; a text is '"north"', with both kinds of quotes. Nodes that wait for this shared value go on with it, and
actions read it from their cache: \`cache.getGlobal('limits', 'rows')\`. Every \`human_interrupt\` waits for the value
\`global pending_instructions\`.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('<namespace>', 'the first part of the name')
    .argument('<key>', 'the second part of the name')
    .argument('<json>', 'the value')
    .addOption(storageOption())
    .addOption(jsonOption('what became of it'))
    .addHelpText('after', help)
    .action(
      async (runId: string, namespace: string, key: string, json: string, options: TellOptions) => {
        const value = parseJson(json, 'the value');
        const command = { type: 'UpdateCache', namespace, key, value } as const;
        finish(await tellRun(runId, command, `set ${namespace}.${key} of run '${runId}'`, options));
      },
    );
};
