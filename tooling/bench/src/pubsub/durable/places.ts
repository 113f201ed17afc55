import { withTempFile } from '../../durable/temp-file.ts';
import { POSTGRES } from '../../servers.ts';
import { withSchema } from '../../tasks/places.ts';
import type { DurableGroup } from './contender.ts';

/** A file, or the name of a schema, gone afterwards. */
export const atPlace = <T>(group: DurableGroup, use: (place: string) => Promise<T>): Promise<T> =>
  group === 'postgres' ? withSchema(use) : withTempFile(use);

export const urlOf = (group: DurableGroup, place: string): string =>
  group === 'postgres'
    ? `${POSTGRES}${POSTGRES.includes('?') ? '&' : '?'}schema=${place}`
    : `sqlite:${place}?durability=${group === 'sqlite full' ? 'full' : 'normal'}`;
