import { RUN_INPUTS } from './reference.ts';

export const MAX_ID_LENGTH = 256;

const PLAIN = /^[\w-]{1,256}$/;
const FORBIDDEN =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]/u;

/** Why a text cannot be the id of a node, or undefined when it can. */
export const idProblem = (id: unknown): string | undefined => {
  if (typeof id !== 'string')
    return `the id must be a string, not ${id === null ? 'null' : Array.isArray(id) ? 'a list' : typeof id === 'object' ? 'a map' : `a ${typeof id}`}`;
  if (PLAIN.test(id) && id !== RUN_INPUTS) return undefined;
  if (id === '') return 'the id is empty';
  if (id === RUN_INPUTS) return `the id '${RUN_INPUTS}' is taken: it names the inputs of the run`;
  if (id.length > MAX_ID_LENGTH)
    return `the id has ${id.length} characters, more than ${MAX_ID_LENGTH}`;
  const bad = FORBIDDEN.exec(id);
  if (bad)
    return `the id holds the character U+${(bad[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}, which ids may not have`;
  if (id.trim() !== id) return 'the id begins or ends with white space';
  return undefined;
};
