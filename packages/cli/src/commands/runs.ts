import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { addRunsList } from './runs-list.ts';
import { addRunsShow } from './runs-show.ts';

const help = `
Example:
  dagger runs list --storage runs.db --status failed
  dagger runs show nightly-2025-01-31 --storage runs.db
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command.addHelpText('after', help);
  addRunsList(command, finish);
  addRunsShow(command, finish);
};
