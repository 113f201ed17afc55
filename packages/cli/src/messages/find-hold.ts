import { DaggerError } from '@dagger/core';
import type { Hold } from '@dagger/pubsub';
import { reasonText, timeText } from './texts.ts';
import type { OpenMessages } from './open-messages.ts';

const LONGEST_REASON = 200;

type Held = {
  readonly dagger_pubsub_messages: { readonly id: string; readonly causation_id: string | null };
  readonly dagger_pubsub_holds: { readonly id: string; readonly correlation_id: string };
};

/** The causal tree of a message that waits for a person, or waited and was not let through as it was. */
export const treeOfWithheld = async (
  { storage }: OpenMessages,
  id: string,
): Promise<string | undefined> => {
  const row = await storage.db
    .$extendTables<Held>()
    .selectFrom('dagger_pubsub_holds')
    .select('correlation_id')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.correlation_id;
};

/** What was decided on a message that waits for a person no more, and was not published; undefined for any other. */
export const decisionOn = async (open: OpenMessages, id: string): Promise<string | undefined> => {
  const { channels, storage } = open;
  const [letter] = await channels.inspect.deadLetters({ messageId: id, agent: 'review', limit: 1 });
  if (letter !== undefined)
    return `it was rejected ${timeText(letter.letter.time)}: ${reasonText(letter, LONGEST_REASON)}`;
  const edited = await storage.db
    .$extendTables<Held>()
    .selectFrom('dagger_pubsub_messages')
    .select('id')
    .where('causation_id', '=', id)
    .limit(1)
    .executeTakeFirst();
  if (edited !== undefined) return `it was let through with another payload, as '${edited.id}'`;
  return (await treeOfWithheld(open, id)) === undefined ? undefined : 'somebody has decided on it';
};

/** Why nobody needs to decide on a message; undefined where nothing is known of it. */
const fateOf = async (open: OpenMessages, id: string): Promise<string | undefined> => {
  const stored = await open.channels.inspect.message(id);
  return stored === undefined
    ? decisionOn(open, id)
    : `it is published, offset ${stored.offset}: somebody has let it through, or it never had to wait`;
};

/** Why nothing can be decided on a message: there is none, or somebody else has decided. */
export const notWaiting = async (open: OpenMessages, id: string): Promise<DaggerError> => {
  const fate = await fateOf(open, id);
  const meant =
    fate !== undefined || id === ''
      ? []
      : (await open.channels.holds.list()).filter(({ message }) => message.id.startsWith(id));
  const text =
    fate === undefined
      ? `no message '${id}' waits for a person in ${open.storage.location}${meant.length === 1 ? `; did you mean '${meant[0]?.message.id}'?` : ': see `dagger messages reviews`'}`
      : `message '${id}' does not wait for a person: ${fate}`;
  return new DaggerError('REVIEW_UNKNOWN', text);
};

/** @throws DaggerError REVIEW_UNKNOWN with the id that was meant, where that is clear, or with what was decided before */
export const findHold = async (open: OpenMessages, id: string): Promise<Hold> => {
  const hold = await open.channels.holds.find(id);
  if (hold === undefined) throw await notWaiting(open, id);
  return hold;
};
