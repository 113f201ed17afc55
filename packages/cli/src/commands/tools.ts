import type { Command } from 'commander';
import { loadActions } from '../actions-module.ts';
import { ExitCode } from '../exit-code.ts';
import { actionsHelp } from '../help.ts';
import { actionsOption } from '../options.ts';
import { reserveStdout } from '../output.ts';

const help = `
Example:
  dagger tools --actions ./actions.ts > tools.json
${actionsHelp}`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .addOption(actionsOption().makeOptionMandatory())
    .addHelpText('after', help)
    .action(async ({ actions }: { readonly actions: readonly string[] }) => {
      const out = reserveStdout();
      const registry = await loadActions(actions);
      await out(`${JSON.stringify(registry.toolSchemas(), null, 2)}\n`);
      finish(ExitCode.SUCCESS);
    });
};
