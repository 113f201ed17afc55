import type { GroupStatus, StoredChannel } from '@dagger/pubsub';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import { table } from '../report/table.ts';
import { channelText, nameText, timeText } from './texts.ts';

const LONGEST_LIST = 80;

/** A row per group. */
export const groupTable = (groups: readonly GroupStatus[]): string => {
  // Most have caught up.
  const isBehind = groups.some(({ position }) => position !== null);
  return table(
    [
      'GROUP',
      'LAG',
      'READY',
      'LEASED',
      'DELAYED',
      ...(isBehind ? ['AHEAD', 'POSITION'] : []),
      'OLDEST',
      'CAPACITY',
      'READERS',
      'CHANNELS',
    ],
    groups.map((group) => [
      nameText(group.name),
      String(group.lag),
      String(group.ready),
      String(group.leased),
      String(group.delayed),
      ...(isBehind
        ? [String(group.ahead), group.position === null ? '' : String(group.position)]
        : []),
      group.oldest === null ? '' : timeText(group.oldest),
      `${group.capacity}, ${group.overflow}`,
      group.readers === 0 ? colors.yellow('0') : String(group.readers),
      oneLine(group.patterns.join(' '), LONGEST_LIST),
    ]),
  );
};

/** A row per channel. */
export const channelTable = (channels: readonly StoredChannel[]): string =>
  table(
    ['CHANNEL', 'MESSAGES', 'LATEST', 'OFFSET', 'GROUPS'],
    channels.map(({ name, messages, lastTime, lastOffset, groups }) => [
      channelText(name),
      String(messages),
      timeText(lastTime),
      String(lastOffset),
      oneLine(groups.join(' '), LONGEST_LIST),
    ]),
  );
