import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { quote } from '../diagnostic.ts';

const CORE = 'tag:yaml.org,2002:';

/** The tags of the core schema, and whether a node is what its tag says. */
const FITS: ReadonlyMap<string, (node: ParsedNode) => boolean> = new Map([
  ['!', (node) => isScalar(node)],
  [`${CORE}str`, (node) => isScalar(node) && typeof node.value === 'string'],
  [`${CORE}int`, (node) => isScalar(node) && Number.isInteger(node.value)],
  [`${CORE}float`, (node) => isScalar(node) && typeof node.value === 'number'],
  [`${CORE}bool`, (node) => isScalar(node) && typeof node.value === 'boolean'],
  [`${CORE}null`, (node) => isScalar(node) && node.value === null],
  [`${CORE}map`, (node) => isMap(node)],
  [`${CORE}seq`, (node) => isSeq(node)],
]);

/** Why the explicit tag of a node is refused; undefined when it has none or a good one. */
export const tagProblem = (node: ParsedNode): string | undefined => {
  const { tag } = node as { readonly tag?: string };
  if (tag === undefined) return undefined;
  const written = tag.startsWith(CORE) ? `!!${tag.slice(CORE.length)}` : tag;
  const fits = FITS.get(tag);
  if (fits === undefined) return `the tag ${quote(written)} is not supported`;
  return fits(node) ? undefined : `the value does not fit its tag ${quote(written)}`;
};
