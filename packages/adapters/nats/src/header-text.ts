import { DaggerError } from '@dagger/core';

/** What follows is percent-encoded. */
const ENCODED = '=%';

const refuse = (what: string, cause: unknown): never => {
  throw new DaggerError(
    'MESSAGE_INVALID',
    `${what} has half of a surrogate pair in it, which is no text`,
    { cause },
  );
};

const percent = (text: string, what: string): string => {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    return refuse(what, cause);
  }
};

/** Whether a text stays as it is for sure, as ids, numbers and names do. */
export const isPlainText = (text: string): boolean => /^[\w:.-]*$/.test(text);

/** Text of one line without space around it, which is all that a header of NATS can carry; most stays as it is. */
export const toHeaderText = (text: string, what: string): string =>
  /^\s|\s$|[\p{Cc}\p{Cs}\u2028\u2029\uFEFF]/u.test(text) || text.startsWith(ENCODED)
    ? ENCODED + percent(text, what)
    : text;

/** The text again; what is no code of ours stays as it is. */
export const fromHeaderText = (text: string): string => {
  if (!text.startsWith(ENCODED)) return text;
  try {
    return decodeURIComponent(text.slice(ENCODED.length));
  } catch {
    return text;
  }
};

/** The name of a header may be any text with us, but not with NATS. */
export const toHeaderName = (name: string): string => percent(name, `the header name '${name}'`);

export const fromHeaderName = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
};
