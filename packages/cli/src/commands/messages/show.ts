import type { MessageDetails } from '@dagger/pubsub';
import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { findMessageOrHold } from '../../messages/find.ts';
import { heldText, messageText } from '../../messages/message-text.ts';
import { openMessages } from '../../messages/open-messages.ts';
import { holdJson } from '../../messages/review-text.ts';
import { withOffset } from '../../messages/texts.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface ShowOptions {
  readonly storage?: string;
  readonly json?: true;
}

const asJson = ({ offset, message, cause, effects, ...rest }: MessageDetails): string =>
  JSON.stringify(
    {
      ...withOffset({ offset, message }),
      cause: cause && withOffset(cause),
      effects: effects.map(withOffset),
      ...rest,
    },
    null,
    2,
  );

const show = async (which: string, { storage = '', json }: ShowOptions): Promise<void> => {
  await using open = await openMessages(storage);
  const found = await findMessageOrHold(open, which);
  if ('details' in found) {
    const { details } = found;
    await print(`${json === true ? asJson(details) : messageText(details)}\n`);
    return;
  }
  const { hold, cause } = found;
  const now = Date.now();
  await print(
    json === true
      ? `${JSON.stringify({ offset: null, ...holdJson(hold, now), cause: cause && withOffset(cause) }, null, 2)}\n`
      : `${heldText(hold, { cause, now, storage })}\n`,
  );
};

const help = `
Example:
  dagger messages show 8d2c0f5e-5a4f-4f0e-9d0b-1f8f3c6a7b21 --storage bus.db
  dagger messages show 42 --storage bus.db --json

What was published, by whom, what caused it and what it caused, which groups are not done with it, and the dead letters
that came of it. A number is an offset, where no message has it as its id. Of a message that waits for a person, since when.
`;

export const addMessagesShow = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('show')
    .description('show everything about a message')
    .argument('<message>', 'the id or the offset of the message: see `dagger messages list`')
    .addOption(storageOption())
    .addOption(jsonOption('it'))
    .addHelpText('after', help)
    .action(async (which: string, options: ShowOptions) => {
      await show(which, options);
      finish(ExitCode.SUCCESS);
    });
};
