import type { JsonObject } from '@dagger/core';
import type { Processor } from './open-processor.ts';
import { stored } from './stored.ts';

/** Records that are published at a time; they go down in few transactions, in order. */
const PIECE = 50;

/**
 * Publishes the records that are not there yet. What is published in order is stored in order, so what an earlier process stored is
 * the beginning of the log, and its length says where to go on.
 * @param onRecords told how many are stored
 * @returns how many were there already
 */
export const feed = async (
  { bus, transport }: Processor,
  log: readonly JsonObject[],
  onRecords: (count: number) => void = () => {},
): Promise<number> => {
  let there = 0;
  for await (const _ of stored(transport, 'log')) there++;
  for (let i = there; i < log.length; i += PIECE) {
    const piece = log.slice(i, i + PIECE);
    await Promise.all(piece.map((record) => bus.publish('log', record)));
    onRecords(i + piece.length);
  }
  return there;
};
