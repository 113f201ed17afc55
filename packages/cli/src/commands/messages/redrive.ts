import type { Redriven } from '@dagger/pubsub';
import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { InvalidCommandLine } from '../../invalid-command-line.ts';
import { findLetter } from '../../messages/find.ts';
import { openMessages, type OpenMessages } from '../../messages/open-messages.ts';
import { redriveText } from '../../messages/redrive-text.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface RedriveOptions {
  readonly all?: true;
  readonly agent?: string;
  readonly channel?: string;
  readonly storage?: string;
  readonly json?: true;
}

/** Letters that are looked for in one step. */
const PIECE = 1_000;

/** @throws InvalidCommandLine when it is not clear what is meant */
const mustBeClear = (letters: readonly string[], { all, agent, channel }: RedriveOptions): void => {
  if (all === true && letters.length > 0)
    throw new InvalidCommandLine('name dead letters, or say --all, not both');
  if (all !== true && letters.length === 0)
    throw new InvalidCommandLine('say which dead letters: their ids, or --all');
  if (all !== true && (agent !== undefined || channel !== undefined))
    throw new InvalidCommandLine('--agent and --channel need --all');
};

/** Those that were not re-driven, the oldest first. What comes of the messages meanwhile is not among them. */
const redriveAll = async (
  { channels }: OpenMessages,
  { agent, channel }: RedriveOptions,
): Promise<readonly Redriven[]> => {
  const ids: string[] = [];
  for (let after = -1; ;) {
    const found = await channels.inspect.deadLetters({
      agent,
      channel,
      redriven: false,
      first: 'oldest',
      after,
      limit: PIECE,
    });
    ids.push(...found.map(({ letter }) => letter.id));
    const last = found.at(-1);
    if (last === undefined || found.length < PIECE) break;
    after = last.offset;
  }
  return channels.redrive(ids);
};

const redriveSome = async (
  open: OpenMessages,
  letters: readonly string[],
): Promise<readonly Redriven[]> => {
  // All are looked for first: a mistyped one has nothing done.
  const ids: string[] = [];
  for (const which of letters) ids.push((await findLetter(open, which)).letter.id);
  return open.channels.redrive(ids);
};

const redrive = async (letters: readonly string[], options: RedriveOptions): Promise<ExitCode> => {
  mustBeClear(letters, options);
  await using open = await openMessages(options.storage);
  const done = await (options.all === true
    ? redriveAll(open, options)
    : redriveSome(open, letters));
  await print(`${options.json === true ? JSON.stringify(done, null, 2) : redriveText(done)}\n`);
  return done.every(({ outcome }) => outcome === 'redriven') ? ExitCode.SUCCESS : ExitCode.FAILED;
};

const help = `
Example:
  dagger messages redrive 3f0a9c1e-0d57-4c53-8c58-6f0a1f4f7a10 --storage bus.db
  dagger messages redrive --all --agent charge --storage bus.db

The message of a dead letter is delivered again to the group that had failed on it, and to no other, with its attempts
counted anew; if they all fail again, another dead letter comes of it. A letter is re-driven once. \`dagger messages list
--dead\` lists the letters, with their ids.

Exit codes:
  0  all of them were re-driven, or with --all there were none
  1  some were not: they were re-driven before, or their message or group is gone
  2  bad usage, or no such dead letter: then nothing was done
`;

export const addRedrive = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('redrive')
    .description('have the messages of dead letters handled again by those who failed on them')
    .argument('[letters...]', 'the ids or offsets of dead letters')
    .option('--all', 'all that were not re-driven')
    .option('--agent <name>', 'with --all: only those of this agent')
    .addOption(
      new Option(
        '-c, --channel <pattern>',
        'with --all: only those of messages of this channel, or of all that match',
      ),
    )
    .addOption(storageOption())
    .addOption(jsonOption('what became of each'))
    .addHelpText('after', help)
    .action(async (letters: readonly string[], options: RedriveOptions) =>
      finish(await redrive(letters, options)),
    );
};
