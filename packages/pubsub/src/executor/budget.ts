import { DaggerError } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { Exchange } from './exchange.ts';
import type { StopReason } from './report.ts';
import type { Tree } from './tree.ts';

/**
 * Whether a tree may have so many messages more, caused by one of its messages; else it is stopped.
 * @throws DaggerError LIMIT_REACHED
 */
export const mustFit = (exchange: Exchange, tree: Tree, cause: Message, more: number): void => {
  const { maxMessages, maxHops } = tree.limits;
  if (tree.messageCount + more > maxMessages)
    refuse(
      exchange,
      tree,
      'max_messages',
      `the tree would have more than ${maxMessages} messages (maxMessages)`,
    );
  if (cause.hops + 1 > maxHops)
    refuse(
      exchange,
      tree,
      'max_hops',
      `a message would stand ${cause.hops + 1} steps from the first, and ${maxHops} are allowed (maxHops)`,
    );
};

const refuse = (exchange: Exchange, tree: Tree, reason: StopReason, why: string): never => {
  exchange.stop(tree, reason, why);
  throw new DaggerError('LIMIT_REACHED', why);
};

/** Adds tokens to those that a tree has used, and stops it when they are too many. */
export const useTokens = (exchange: Exchange, tree: Tree, tokens: number): void => {
  tree.tokens += tokens;
  const { maxTokens } = tree.limits;
  if (tree.tokens > maxTokens)
    exchange.stop(
      tree,
      'max_tokens',
      `the tree has used ${tree.tokens} tokens, and ${maxTokens} are allowed (maxTokens)`,
    );
};
