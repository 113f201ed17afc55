import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { channelTable, groupTable } from '../../messages/group-table.ts';
import { openMessages } from '../../messages/open-messages.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface GroupsOptions {
  readonly storage?: string;
  readonly json?: true;
}

const groupsHelp = `
Example:
  dagger messages groups --storage bus.db

LAG counts the messages that a group is not done with: READY ones wait for a member, LEASED ones are being handled, DELAYED
ones wait for their next attempt. A group that reads what was published before it, or again, is catching up: AHEAD counts
the messages beyond its POSITION, an offset. OLDEST is when the oldest of all these was published. READERS counts the
transports that read it, in all processes: a group that nobody is to read any more keeps its messages from being pruned
until \`dagger messages remove-group\`.
`;

export const addGroups = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('groups')
    .description('list groups with how far behind they are')
    .addOption(storageOption())
    .addOption(jsonOption('the list'))
    .addHelpText('after', groupsHelp)
    .action(async ({ storage, json }: GroupsOptions) => {
      await using open = await openMessages(storage);
      const groups = await open.channels.inspect.groups();
      await print(`${json === true ? JSON.stringify(groups, null, 2) : groupTable(groups)}\n`);
      finish(ExitCode.SUCCESS);
    });
};

const channelsHelp = `
Example:
  dagger messages channels --storage bus.db

The channels of which messages are kept, with those who read them. Messages that no group needs any more go by
\`dagger messages prune\`.
`;

export const addChannels = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('channels')
    .description('list channels with how many messages are kept of each')
    .addOption(storageOption())
    .addOption(jsonOption('the list'))
    .addHelpText('after', channelsHelp)
    .action(async ({ storage, json }: GroupsOptions) => {
      await using open = await openMessages(storage);
      const channels = await open.channels.inspect.channels();
      await print(
        `${json === true ? JSON.stringify(channels, null, 2) : channelTable(channels)}\n`,
      );
      finish(ExitCode.SUCCESS);
    });
};
