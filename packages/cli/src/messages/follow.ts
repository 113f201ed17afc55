import type { MessageFilter, StoredMessage } from '@dagger/pubsub';
import { until } from '../tasks/until.ts';
import type { OpenMessages } from './open-messages.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Messages that are read in one step. */
const PIECE = 500;
/** Looks that reach back to the same offset: what was under way then may turn up before what was there already. */
const LOOKS_BACK = 10;

export interface Follow {
  readonly filter: Pick<MessageFilter, 'channel' | 'correlationId' | 'since'>;
  /** What has been shown, or lies before all that is to be. */
  readonly after: number;
  readonly show: (messages: readonly StoredMessage[]) => Promise<void>;
}

/** Shows what is published from now on, in order, until Ctrl-C or until nobody reads stdout any more. */
export const follow = async (
  { channels }: OpenMessages,
  { filter, after, show }: Follow,
): Promise<void> => {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  process.stdout.once('error', stop);
  /** The last offset of the latest looks, the oldest first. */
  const reached = [after];
  const shown = new Set<number>();
  const look = async (): Promise<boolean> => {
    const [from = after] = reached;
    let last = reached.at(-1) ?? after;
    for (let at = from; ;) {
      const found = await channels.messages({ ...filter, after: at, limit: PIECE });
      const fresh = found.filter(({ offset }) => !shown.has(offset));
      if (fresh.length > 0) await show(fresh);
      for (const { offset } of fresh) shown.add(offset);
      at = found.at(-1)?.offset ?? at;
      last = Math.max(last, at);
      if (found.length < PIECE) break;
    }
    reached.push(last);
    if (reached.length > LOOKS_BACK) reached.shift();
    for (const offset of shown) if (offset <= (reached[0] ?? after)) shown.delete(offset);
    return false;
  };
  try {
    await until(look, stopping.signal, (line) => console.error(line));
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    process.stdout.off('error', stop);
  }
};
