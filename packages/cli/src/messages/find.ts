import { DaggerError } from '@dagger/core';
import { closest } from '@dagger/core/kernel';
import type { DeadLetter, GroupStatus, Hold, MessageDetails, StoredMessage } from '@dagger/pubsub';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import { decisionOn, treeOfWithheld } from './find-hold.ts';
import type { OpenMessages } from './open-messages.ts';

interface MessageIds {
  readonly id: string;
  readonly correlation_id: string;
}

/** The id that begins so, if it is the only one. */
const onlyOne = async (
  { storage }: OpenMessages,
  column: keyof MessageIds,
  prefix: string,
): Promise<string | undefined> => {
  const rows = await storage.db
    .$extendTables<{ readonly dagger_pubsub_messages: MessageIds }>()
    .selectFrom('dagger_pubsub_messages')
    .select(`${column} as id`)
    .distinct()
    .where(
      // Characters, as databases count them.
      (eb) => eb.fn<string>('substr', [column, eb.lit(1), eb.lit(Array.from(prefix).length)]),
      '=',
      prefix,
    )
    .limit(2)
    .execute();
  return rows.length === 1 ? rows[0]?.id : undefined;
};

const unknown = async (
  open: OpenMessages,
  which: string,
  column: keyof MessageIds,
): Promise<DaggerError> => {
  const hold = await open.channels.holds.find(which);
  if (hold !== undefined)
    return new DaggerError(
      'MESSAGE_UNKNOWN',
      `message '${which}' waits for a person and is not published yet: see \`dagger messages show\``,
    );
  const decision = await decisionOn(open, which);
  if (decision !== undefined)
    return new DaggerError('MESSAGE_UNKNOWN', `message '${which}' was not published: ${decision}`);
  const meant = which === '' ? undefined : await onlyOne(open, column, which);
  const what = column === 'id' ? 'message' : 'message or causal tree';
  return new DaggerError(
    'MESSAGE_UNKNOWN',
    `there is no ${what} '${which}' in ${open.storage.location}${meant === undefined ? '' : `; did you mean '${meant}'?`}`,
  );
};

/** By its id, or by its offset where no id is written so. */
const messageOf = async (
  { channels }: OpenMessages,
  which: string,
): Promise<MessageDetails | undefined> => {
  const offset = /^\d+$/.test(which) ? Number(which) : Number.NaN;
  return (
    (await channels.inspect.message(which)) ??
    (Number.isSafeInteger(offset) ? channels.inspect.message(offset) : undefined)
  );
};

/** @throws DaggerError MESSAGE_UNKNOWN with the id that was meant, where that is clear */
const findMessage = async (open: OpenMessages, which: string): Promise<MessageDetails> => {
  const found = await messageOf(open, which);
  if (found === undefined) throw await unknown(open, which, 'id');
  return found;
};

/** A message, or one that waits for a person, which has no offset. */
export type Found =
  | { readonly details: MessageDetails }
  | { readonly hold: Hold; readonly cause: StoredMessage | null };

/** @throws DaggerError MESSAGE_UNKNOWN with the id that was meant, where that is clear */
export const findMessageOrHold = async (open: OpenMessages, which: string): Promise<Found> => {
  const { channels } = open;
  const hold = await channels.holds.find(which);
  if (hold === undefined) return { details: await findMessage(open, which) };
  const { causationId } = hold.message;
  const cause = causationId === null ? undefined : await channels.inspect.message(causationId);
  return { hold, cause: cause ?? null };
};

/**
 * The id of the causal tree of a message, or of one whose first message is not there any more.
 * @throws DaggerError MESSAGE_UNKNOWN with the id that was meant, where that is clear
 */
export const findTree = async (open: OpenMessages, which: string): Promise<string> => {
  const found = await messageOf(open, which);
  if (found !== undefined) return found.message.correlationId;
  const withheld = await treeOfWithheld(open, which);
  if (withheld !== undefined) return withheld;
  const [first] = await open.channels.messages({ correlationId: which, limit: 1 });
  if (first === undefined) throw await unknown(open, which, 'correlation_id');
  return which;
};

/** @throws DaggerError MESSAGE_UNKNOWN; InvalidCommandLine for a message that is no dead letter, naming those that came of it */
export const findLetter = async (open: OpenMessages, which: string): Promise<DeadLetter> => {
  const { message, deadLetter, deadLetters } = await findMessage(open, which);
  if (deadLetter !== null) return deadLetter;
  const came = deadLetters.map(({ letter }) => letter.id);
  throw new InvalidCommandLine(
    `'${which}' is a message on ${message.channel}, and this command takes dead letters${
      came.length === 0 ? '' : `; of it came ${came.slice(0, 5).join(', ')}`
    }: see \`dagger messages list --dead\``,
  );
};

/** @throws DaggerError GROUP_UNKNOWN with the name that was meant, where that is clear */
export const findGroup = async (
  { channels, storage }: OpenMessages,
  name: string,
): Promise<GroupStatus> => {
  const groups = await channels.inspect.groups();
  const found = groups.find((group) => group.name === name);
  if (found !== undefined) return found;
  const meant = closest(
    name,
    groups.map((group) => group.name),
  );
  throw new DaggerError(
    'GROUP_UNKNOWN',
    `there is no group '${name}' in ${storage.location}${meant === undefined ? ': see `dagger messages groups`' : `; did you mean '${meant}'?`}`,
  );
};
