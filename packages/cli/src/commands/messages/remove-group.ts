import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { findGroup } from '../../messages/find.ts';
import { openMessages } from '../../messages/open-messages.ts';
import { nameText } from '../../messages/texts.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface RemoveGroupOptions {
  readonly force?: true;
  readonly storage?: string;
  readonly json?: true;
}

const removeGroup = async (
  name: string,
  { force, storage, json }: RemoveGroupOptions,
): Promise<void> => {
  await using open = await openMessages(storage);
  await findGroup(open, name);
  const messages = await open.channels.removeGroup(name, { force });
  const done =
    messages === 0
      ? 'it was done with all its messages'
      : `it was not done with ${messages} ${messages === 1 ? 'message' : 'messages'}`;
  await print(
    json === true
      ? `${JSON.stringify({ group: name, messages }, null, 2)}\n`
      : `removed ${nameText(name)}; ${done}\n`,
  );
};

const help = `
Example:
  dagger messages groups --storage bus.db
  dagger messages remove-group audit --storage bus.db

For a group that nobody reads any more (READERS of \`dagger messages groups\` is 0): messages wait for it for ever, are never
pruned, and have those wait who wait until nothing is left to be done. The messages stay; what the group is not done with
is forgotten. While a process reads it, that is refused; with --force its members receive nothing from then on, and what
they have to handle is not theirs any more. Whoever subscribes by that name later makes the group anew.
`;

export const addRemoveGroup = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('remove-group')
    .description('remove a group that nobody reads any more')
    .argument('<group>', 'the name of the group: see `dagger messages groups`')
    .option('--force', 'also while a process reads it')
    .addOption(storageOption())
    .addOption(jsonOption('how many messages it was not done with'))
    .addHelpText('after', help)
    .action(async (name: string, options: RemoveGroupOptions) => {
      await removeGroup(name, options);
      finish(ExitCode.SUCCESS);
    });
};
