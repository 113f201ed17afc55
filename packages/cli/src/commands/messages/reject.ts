import type { DeadLetter } from '@dagger/pubsub';
import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { decideOn } from '../../messages/decide.ts';
import { channelText, idText } from '../../messages/texts.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface RejectOptions {
  readonly reason: string;
  readonly storage?: string;
  readonly json?: true;
}

const reject = async (id: string, { reason, storage, json }: RejectOptions): Promise<void> => {
  const deadLetter = await decideOn({
    storage,
    id,
    decide: async (bus, { message }, { channels }): Promise<DeadLetter | null> => {
      await bus.reject(id, reason);
      const { correlationId } = message;
      const [letter] = await channels.inspect.deadLetters({
        messageId: id,
        correlationId,
        limit: 1,
      });
      return letter ?? null;
    },
  });
  const letterText =
    deadLetter === null
      ? 'of dead letters no dead letter is made'
      : `its dead letter is ${idText(deadLetter.letter.id)} on ${channelText(deadLetter.letter.channel)}`;
  await print(
    json === true
      ? `${JSON.stringify({ id, decision: 'rejected', deadLetter }, null, 2)}\n`
      : `rejected ${idText(id)}: ${letterText}\n`,
  );
};

const help = `
Example:
  dagger messages reject 8d2c0f5e-5a4f-4f0e-9d0b-1f8f3c6a7b21 --reason 'no receipt' --storage bus.db

Nobody receives the message; a dead letter comes of it on \`dead.<channel>\`, with the reason. That cannot be re-driven.

Exit codes:
  0  it is rejected
  1  there is no room for its dead letter: it goes on waiting for a person
  2  bad usage, no such message, or somebody else has decided
`;

export const addMessagesReject = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('reject')
    .description('make a dead letter of a message that waits for a person')
    .argument('<id>', 'the id of the message: see `dagger messages reviews`')
    .requiredOption('--reason <text>', 'what is wrong')
    .addOption(storageOption())
    .addOption(jsonOption('its dead letter'))
    .addHelpText('after', help)
    .action(async (id: string, options: RejectOptions) => {
      await reject(id, options);
      finish(ExitCode.SUCCESS);
    });
};
