import type { JsonValue } from '../json.ts';

/** Where a reference points: into the inputs of the run, or into the outputs of a node. */
export interface Reference {
  /** Undefined: the inputs of the run. */
  readonly nodeId: string | undefined;
  /** The name of the input or output, then keys and indexes into its value; at least one step. */
  readonly path: readonly string[];
}

export const RUN_INPUTS = 'inputs';

/** `a.b[0].c` as steps; undefined when it is malformed. */
const steps = (text: string): string[] | undefined => {
  const found: string[] = [];
  for (const part of text.split('.')) {
    const match = /^([^[\]]*)((?:\[\d+\])*)$/.exec(part);
    if (!match || (match[1] === '' && (found.length === 0 || match[2] === ''))) return undefined;
    if (match[1]) found.push(match[1]);
    for (const index of match[2]?.matchAll(/\d+/g) ?? []) found.push(index[0]);
  }
  return found.length > 0 ? found : undefined;
};

/**
 * Reads `inputs.x`, `node.output` or `node.output.deeper[0].part`. An id may itself hold dots: the longest id that
 * `isNode` knows wins; when none is known, the part before the first dot is taken.
 * @returns undefined when the text is not a reference.
 */
export const parseReference = (
  text: string,
  isNode: (id: string) => boolean,
): Reference | undefined => {
  const first = text.indexOf('.');
  if (first <= 0) return undefined;
  if (text.slice(0, first) === RUN_INPUTS) {
    const path = steps(text.slice(first + 1));
    return path && { nodeId: undefined, path };
  }
  let at = first;
  for (let dot = text.indexOf('.', first + 1); dot > 0; dot = text.indexOf('.', dot + 1)) {
    if (isNode(text.slice(0, dot))) at = dot;
  }
  const path = steps(text.slice(at + 1));
  return path && { nodeId: text.slice(0, at), path };
};

/** The value at the end of `path`, or undefined when a step is not there. Own properties only. */
export const walk = (
  root: JsonValue | undefined,
  path: readonly string[],
): JsonValue | undefined => {
  let value: JsonValue | undefined = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as { readonly [key: string]: JsonValue | undefined })[step];
  }
  return value;
};
