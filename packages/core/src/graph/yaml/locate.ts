import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { camelCase } from '../keys.ts';
import type { DefinitionPath } from '../diagnostic.ts';
import type { Entries, Entry } from './entries.ts';

const find = (entries: ReadonlyMap<string, Entry>, step: string): Entry | undefined => {
  const exact = entries.get(step);
  if (exact !== undefined) return exact;
  for (const [name, entry] of entries) if (camelCase(name) === step) return entry;
  return undefined;
};

/** A value that begins on a later line than its key is better found at its key. */
const isBlock = (node: ParsedNode | null): boolean =>
  node === null ||
  ((isMap(node) || isSeq(node)) && node.flow !== true) ||
  (isScalar(node) && node.value === null && node.source === '');

export interface LocateOptions {
  /** Point at the last key of the path, not at its value. */
  readonly key?: boolean;
}

/** The offset of what a path leads to; where it leads nowhere, of the last thing on the way. */
export const locate = (
  root: ParsedNode,
  path: DefinitionPath,
  entries: Entries,
  options: LocateOptions = {},
): number => {
  let offset = root.range[0];
  let node: ParsedNode | null | undefined = root;
  for (const [i, step] of path.entries()) {
    const at: ParsedNode | undefined = node ? entries.resolve(node) : undefined;
    if (isSeq(at)) node = at.items[Number(step)];
    else if (isMap(at)) {
      const entry = find(entries.of(at), String(step));
      node = entry?.value;
      const last = i === path.length - 1;
      if (
        entry !== undefined &&
        (node === null || node === undefined || (last && (options.key === true || isBlock(node))))
      ) {
        offset = entry.key.range[0];
        continue;
      }
    } else return offset;
    if (!node) return offset;
    offset = node.range[0];
  }
  return offset;
};
