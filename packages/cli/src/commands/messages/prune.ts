import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { InvalidCommandLine } from '../../invalid-command-line.ts';
import { openMessages } from '../../messages/open-messages.ts';
import { atLeastZero, jsonOption, storageOption, wholeNumber } from '../../options.ts';
import { print } from '../../output.ts';

interface PruneOptions {
  readonly maxAgeDays?: number;
  readonly maxMessages?: number;
  readonly storage?: string;
  readonly json?: true;
}

const prune = async ({ maxAgeDays, maxMessages, storage, json }: PruneOptions): Promise<void> => {
  if (maxAgeDays === undefined && maxMessages === undefined)
    throw new InvalidCommandLine('say what to delete: --max-age-days or --max-messages');
  await using open = await openMessages(storage);
  const messages = await open.channels.prune({ maxAgeDays, maxMessages });
  await print(
    json === true
      ? `${JSON.stringify({ messages }, null, 2)}\n`
      : `deleted ${messages} ${messages === 1 ? 'message' : 'messages'}\n`,
  );
};

const help = `
Example:
  dagger messages prune --max-age-days 7 --storage bus.db
  dagger messages prune --max-messages 100000 --storage bus.db

Of the two, either suffices to delete a message. One that a group is not done with stays. Dead letters are messages too;
and one whose message was deleted cannot be re-driven.
`;

export const addMessagesPrune = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('prune')
    .description('delete old messages that no group needs any more')
    .addOption(
      new Option('--max-age-days <days>', 'delete messages that are older').argParser(atLeastZero),
    )
    .addOption(
      new Option(
        '--max-messages <number>',
        'keep so many messages, the most recent ones',
      ).argParser(wholeNumber),
    )
    .addOption(storageOption())
    .addOption(jsonOption('how many were deleted'))
    .addHelpText('after', help)
    .action(async (options: PruneOptions) => {
      await prune(options);
      finish(ExitCode.SUCCESS);
    });
};
