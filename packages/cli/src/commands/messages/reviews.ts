import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { openMessages } from '../../messages/open-messages.ts';
import { holdJson, reviewTable } from '../../messages/review-text.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';

interface ReviewsOptions {
  readonly storage?: string;
  readonly json?: true;
}

const reviews = async ({ storage, json }: ReviewsOptions): Promise<void> => {
  await using open = await openMessages(storage);
  const holds = await open.channels.holds.list();
  const now = Date.now();
  await print(
    json === true
      ? `${JSON.stringify(
          holds.map((hold) => holdJson(hold, now)),
          null,
          2,
        )}\n`
      : `${reviewTable(holds, now)}\n`,
  );
};

const help = `
Example:
  dagger messages reviews --storage bus.db
  dagger messages approve 8d2c0f5e-5a4f-4f0e-9d0b-1f8f3c6a7b21 --storage bus.db

The messages of channels with a review that a person has to see before anybody receives them, whichever process holds them;
those that have waited longest come first. OVERDUE says when they have waited as long as their channel says. A waiting
message has an id and no offset yet. To decide: \`dagger messages approve\` and \`dagger messages reject\`.
`;

export const addReviews = (messages: Command, finish: (code: ExitCode) => void): void => {
  messages
    .command('reviews')
    .description('list the messages that wait for people')
    .addOption(storageOption())
    .addOption(jsonOption('the list'))
    .addHelpText('after', help)
    .action(async (options: ReviewsOptions) => {
      await reviews(options);
      finish(ExitCode.SUCCESS);
    });
};
