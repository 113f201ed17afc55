import type { StartFrom } from '@dagger/pubsub';
import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { findGroup } from '../../messages/find.ts';
import { openMessages } from '../../messages/open-messages.ts';
import { nameText, timeText } from '../../messages/texts.ts';
import { startFrom } from '../../messages/when.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface ReplayOptions {
  readonly from: StartFrom;
  readonly storage?: string;
  readonly json?: true;
}

const fromText = (from: StartFrom): string => {
  if (typeof from === 'string') return `from the ${from}`;
  return 'offset' in from ? `from offset ${from.offset}` : `since ${timeText(from.time)}`;
};

const replay = async (name: string, { from, storage, json }: ReplayOptions): Promise<void> => {
  await using open = await openMessages(storage);
  const group = await findGroup(open, name);
  const messages = await open.channels.replay(group.name, from);
  await print(
    json === true
      ? `${JSON.stringify({ group: name, messages }, null, 2)}\n`
      : `${messages} ${messages === 1 ? 'message is' : 'messages are'} delivered again to ${nameText(name)}, ${fromText(from)} on\n`,
  );
};

const help = `
Example:
  dagger messages replay audit --from start --storage bus.db
  dagger messages replay audit --from 42 --storage bus.db
  dagger messages replay audit --from 2h --storage bus.db

The group receives again what was published since and is kept, in order and before what follows; other groups do not. Its
members do so as they come to it, now or when they are started: see \`dagger messages groups\`. To have only those
messages handled again on which a group has failed: \`dagger messages redrive\`.
`;

export const addReplay = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('replay')
    .description('have a group read again what was published since')
    .argument('<group>', 'the name of the group: see `dagger messages groups`')
    .addOption(
      new Option(
        '--from <place>',
        'start, an offset, or a time: 2025-01-31T12:00:00Z, 30s, 10m, 2h, 7d',
      )
        .argParser(startFrom)
        .makeOptionMandatory(),
    )
    .addOption(storageOption())
    .addOption(jsonOption('how many messages are delivered again'))
    .addHelpText('after', help)
    .action(async (name: string, options: ReplayOptions) => {
      await replay(name, options);
      finish(ExitCode.SUCCESS);
    });
};
