import type { Storage } from '@dagger/core';
import type { KyselyPlugin, RawNode } from 'kysely';
import type { Tamper } from '../src/world/process.ts';

type Replace = (text: string) => string;

const replacing = (replace: Replace): KyselyPlugin => ({
  transformQuery: ({ node }) => (node.kind === 'RawNode' ? replaced(node, replace) : node),
  transformResult: ({ result }) => Promise.resolve(result),
});

const replaced = (node: RawNode, replace: Replace): RawNode => ({
  ...node,
  sqlFragments: node.sqlFragments.map(replace),
  parameters: node.parameters.map((child) =>
    child.kind === 'RawNode' ? replaced(child as RawNode, replace) : child,
  ),
});

/** Makes storages on which a piece of the SQL of transactions is another one; and whether there was such a piece. */
export const tampering = (
  old: string,
  by: string,
): { readonly tamper: Tamper; readonly wasMet: () => boolean } => {
  let met = false;
  const replace = (text: string): string => {
    met ||= text.includes(old);
    return text.replaceAll(old, by);
  };
  const tamper = (storage: Storage): Storage => ({
    ...storage,
    transaction: (work) => storage.transaction((trx) => work(trx.withPlugin(replacing(replace)))),
  });
  return { tamper, wasMet: () => met };
};
