/** What `--storage` says, as a URL: a path of a database file is SQLite. */
export const storageUrl = (text: string): string =>
  !/^[a-z][a-z0-9+]*:/.test(text) && /\.(?:db|sqlite3?)$/i.test(text)
    ? // `%` and `?` mean something in a URL.
      `sqlite:${text.replaceAll('%', '%25').replaceAll('?', '%3F')}`
    : text;

/** A storage URL for eyes and logs. What a password may hold is not known, so rather too much is hidden. */
export const withoutPassword = (url: string): string =>
  url
    .replace(/^([a-z][a-z0-9+]*:\/\/[^:@/]*):.*@/i, '$1:***@')
    .replaceAll(/([?&][^=&]*(?:pass|secret|token)[^=&]*=)[^&]*/gi, '$1***');

/** The file of a SQLite URL, the folder of PGlite; undefined in memory and for other storage. */
export const pathOf = (url: string): string | undefined => {
  const sqlite = /^sqlite:(?:\/\/(?=.))?([^?]*)/.exec(url)?.[1];
  const path = sqlite === undefined ? /^pglite:(.*)/.exec(url)?.[1] : decodeURIComponent(sqlite);
  return path === ':memory:' || path === '' ? undefined : path;
};
