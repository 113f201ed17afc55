import type { Storage } from '@dagger/core';
import type { KyselyPlugin, RawNode } from 'kysely';
import type { Tamper } from '../src/world/process.ts';

const replacing = (old: string, by: string): KyselyPlugin => ({
  transformQuery: ({ node }) => (node.kind === 'RawNode' ? replaced(node, old, by) : node),
  transformResult: ({ result }) => Promise.resolve(result),
});

const replaced = (node: RawNode, old: string, by: string): RawNode => ({
  ...node,
  sqlFragments: node.sqlFragments.map((text) => text.replaceAll(old, by)),
  parameters: node.parameters.map((child) =>
    child.kind === 'RawNode' ? replaced(child as RawNode, old, by) : child,
  ),
});

/** A storage on which a piece of the SQL of transactions is another one. */
export const tampered =
  (old: string, by: string): Tamper =>
  (storage: Storage): Storage => ({
    ...storage,
    transaction: (work) => storage.transaction((trx) => work(trx.withPlugin(replacing(old, by)))),
  });
