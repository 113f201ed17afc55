import type { MessageFilter } from '@dagger/pubsub';
import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { InvalidCommandLine } from '../../invalid-command-line.ts';
import { findTree } from '../../messages/find.ts';
import { follow } from '../../messages/follow.ts';
import {
  deadLetterTable,
  GrowingMessageTable,
  messageTable,
} from '../../messages/message-table.ts';
import { openMessages, type OpenMessages } from '../../messages/open-messages.ts';
import { withOffset } from '../../messages/texts.ts';
import { offset, since } from '../../messages/when.ts';
import { jsonOption, storageOption, wholeNumber } from '../../options.ts';
import { print } from '../../output.ts';

interface ListOptions {
  readonly channel?: string;
  readonly tree?: string;
  readonly after?: number;
  readonly since?: number;
  readonly limit: number;
  readonly dead?: true;
  readonly agent?: string;
  readonly follow?: true;
  readonly storage?: string;
  readonly json?: true;
}

const filterOf = async (
  open: OpenMessages,
  { channel, tree, after, since: from, limit }: ListOptions,
): Promise<MessageFilter> => ({
  channel,
  correlationId: tree === undefined ? undefined : await findTree(open, tree),
  after,
  since: from,
  first: after === undefined ? 'newest' : 'oldest',
  limit,
});

const listDead = async (open: OpenMessages, options: ListOptions): Promise<void> => {
  const letters = await open.channels.inspect.deadLetters({
    ...(await filterOf(open, options)),
    agent: options.agent,
  });
  await print(
    `${options.json === true ? JSON.stringify(letters, null, 2) : deadLetterTable(letters)}\n`,
  );
};

const listMessages = async (open: OpenMessages, options: ListOptions): Promise<void> => {
  const found = await open.channels.messages(await filterOf(open, options));
  await print(
    `${options.json === true ? JSON.stringify(found.map(withOffset), null, 2) : messageTable(found)}\n`,
  );
};

/** The latest messages, and from then on all that come, in order. */
const listAndFollow = async (open: OpenMessages, options: ListOptions): Promise<void> => {
  const filter = await filterOf(open, options);
  const found = await open.channels.messages(filter);
  const first = filter.first === 'newest' ? found.toReversed() : found;
  const lines = new GrowingMessageTable();
  const show = (messages: typeof found): Promise<void> => {
    const shown =
      options.json === true
        ? messages.map((each) => JSON.stringify(withOffset(each)))
        : lines.lines(messages);
    return shown.length === 0 ? Promise.resolve() : print(`${shown.join('\n')}\n`);
  };
  const rows = options.json === true ? [] : lines.lines(first);
  if (options.json === true) await show(first);
  else await print(`${[lines.heading(), ...rows].join('\n')}\n`);
  const { channel, correlationId, since: from } = filter;
  const last = first.at(-1)?.offset ?? options.after ?? -1;
  await follow(open, { filter: { channel, correlationId, since: from }, after: last, show });
};

const list = async (options: ListOptions): Promise<ExitCode> => {
  if (options.agent !== undefined && options.dead !== true)
    throw new InvalidCommandLine('--agent needs --dead');
  await using open = await openMessages(options.storage);
  if (options.follow === true) {
    await listAndFollow(open, options);
    return ExitCode.CANCELLED;
  }
  await (options.dead === true ? listDead : listMessages)(open, options);
  return ExitCode.SUCCESS;
};

const help = `
Example:
  dagger messages list --channel 'orders.>' --since 1h --storage bus.db
  dagger messages list --dead --agent charge --storage bus.db
  dagger messages list --follow --storage bus.db

The most recent come first; with --after or --follow they come in the order in which they were published. In a pattern \`*\`
stands for one part of a name and \`>\` at its end for the rest; a shell wants quotes around both.
Of dead letters (--dead), the channel is that of the message that could not be handled, and the id is what
\`dagger messages redrive\` takes.
With --follow, JSON is one message per line; Ctrl-C ends it, with exit code 130.
`;

export const addMessagesList = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('list')
    .description('list messages, or dead letters')
    .option('-c, --channel <pattern>', 'only messages of this channel, or of all that match')
    .option('--tree <id>', 'only messages of the causal tree of this message')
    .addOption(
      new Option('--after <offset>', 'only messages with a greater offset').argParser(offset),
    )
    .addOption(
      new Option(
        '--since <time>',
        'only messages published since: 2025-01-31T12:00:00Z, 30s, 10m, 2h, 7d',
      ).argParser(since),
    )
    .addOption(
      new Option('-n, --limit <number>', 'at most so many').argParser(wholeNumber).default(50),
    )
    .addOption(new Option('--dead', 'list dead letters, with why and of what').conflicts('follow'))
    .option('--agent <name>', 'with --dead: only those of this agent')
    .option('-f, --follow', 'go on with what is published, until Ctrl-C')
    .addOption(storageOption())
    .addOption(jsonOption('the list'))
    .addHelpText('after', help)
    .action(async (options: ListOptions) => finish(await list(options)));
};
