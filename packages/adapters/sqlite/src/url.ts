import { DaggerError } from '@dagger/core';

/** How safe a commit is; see `SqliteOptions.durability`. */
export type Durability = 'full' | 'normal' | 'off';

export interface SqliteLocation {
  /** A path, or `:memory:`. */
  readonly filename: string;
  readonly journalMode: 'wal' | 'delete' | undefined;
  readonly busyTimeout: number | undefined;
  readonly durability: Durability | undefined;
}

const refuse = (url: string, reason: string): never => {
  throw new DaggerError('STORAGE_URL', `'${url}': ${reason}`);
};

const oneOf = <T extends string>(
  url: string,
  name: string,
  value: string | null,
  allowed: readonly T[],
): T | undefined => {
  if (value === null) return undefined;
  return (
    allowed.find((known) => known === value) ??
    refuse(url, `${name} must be ${allowed.join(' or ')}, not '${value}'`)
  );
};

const decoded = (url: string, part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse(url, 'the file name has a % that begins no escape; write %25 for it');
  }
};

/**
 * Reads `sqlite::memory:`, `sqlite:file.db` or `sqlite:file.db?mode=wal&busy_timeout=5000&durability=normal`; what does
 * not begin with `sqlite:` is a path.
 * @throws DaggerError STORAGE_URL naming the part and what it allows
 */
export const parseLocation = (text: string): SqliteLocation => {
  if (!text.startsWith('sqlite:'))
    return {
      filename: text,
      journalMode: undefined,
      busyTimeout: undefined,
      durability: undefined,
    };
  const rest = text.slice('sqlite:'.length).replace(/^\/\/(?=\/|[^/])/, '');
  const question = rest.indexOf('?');
  const filename = decoded(text, question === -1 ? rest : rest.slice(0, question));
  if (filename === '') refuse(text, 'there is no file name; use sqlite:file.db or sqlite::memory:');
  const parameters = new URLSearchParams(question === -1 ? '' : rest.slice(question + 1));
  for (const key of parameters.keys()) {
    if (!['mode', 'busy_timeout', 'durability'].includes(key))
      refuse(text, `there is no parameter '${key}'; there are mode, busy_timeout and durability`);
  }
  const busy = parameters.get('busy_timeout');
  if (busy !== null && !/^\d{1,9}$/.test(busy))
    refuse(text, `busy_timeout must be a whole number of milliseconds, not '${busy}'`);
  return {
    filename,
    journalMode: oneOf(text, 'mode', parameters.get('mode'), ['wal', 'delete']),
    busyTimeout: busy === null ? undefined : Number(busy),
    durability: oneOf(text, 'durability', parameters.get('durability'), ['full', 'normal', 'off']),
  };
};
