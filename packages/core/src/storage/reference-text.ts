/** A hash in a column that else has JSON, which never begins like this. */
const MARK = 'sha256:';

/** The text that stands for a large value in a column of JSON. */
export const referenceText = (hash: string): string => MARK + hash;

/** The hash that a column has in place of JSON; undefined when it is JSON. */
export const referenceIn = (text: string): string | undefined =>
  text.startsWith(MARK) ? text.slice(MARK.length) : undefined;
