import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { parseJson } from '../../inputs.ts';
import { decideOn } from '../../messages/decide.ts';
import { channelText, idText } from '../../messages/texts.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface ApproveOptions {
  readonly payload?: string;
  readonly storage?: string;
  readonly json?: true;
}

const approve = async (id: string, { payload, storage, json }: ApproveOptions): Promise<void> => {
  const edited = payload === undefined ? undefined : { payload: parseJson(payload, '--payload') };
  const message = await decideOn({ storage, id, decide: (bus) => bus.approve(id, edited) });
  const how = edited === undefined ? 'as it is' : `with this payload, as ${idText(message.id)}`;
  await print(
    json === true
      ? `${JSON.stringify({ id, decision: 'approved', message }, null, 2)}\n`
      : `approved ${idText(id)}: it goes on to ${channelText(message.channel)} ${how}\n`,
  );
};

const help = `
Example:
  dagger messages approve 8d2c0f5e-5a4f-4f0e-9d0b-1f8f3c6a7b21 --storage bus.db
  dagger messages approve 8d2c0f5e-5a4f-4f0e-9d0b-1f8f3c6a7b21 --payload '{"euros": 50}' --storage bus.db

With --payload another message goes on in its place, which the held one caused; agents check it when they receive it. Where
its receivers have no room, the command waits, or ends with CHANNEL_FULL if they refuse, and the message goes on waiting.

Exit codes:
  0  it goes on
  1  there is no room for it: it goes on waiting for a person
  2  bad usage, no such message, or somebody else has decided
`;

export const addMessagesApprove = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('approve')
    .description('let a message through that waits for a person')
    .argument('<id>', 'the id of the message: see `dagger messages reviews`')
    .option('--payload <json>', 'what goes on instead of its payload')
    .addOption(storageOption())
    .addOption(jsonOption('what goes on'))
    .addHelpText('after', help)
    .action(async (id: string, options: ApproveOptions) => {
      await approve(id, options);
      finish(ExitCode.SUCCESS);
    });
};
