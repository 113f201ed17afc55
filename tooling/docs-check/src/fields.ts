/** A member of an interface, and the comment above it. */
export interface Field {
  readonly name: string;
  readonly comment: string;
}

const FIELD = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {2}(?:readonly )?(\w+)\??(?=[:(<])/gm;

/**
 * The members of an interface that have a comment, from the text of a source file; an overload counts once.
 * @throws Error where there is no such interface
 */
export const fieldsOf = (source: string, name: string): readonly Field[] => {
  const start = new RegExp(`^export interface ${name}\\b[^\\n]*\\{$`, 'm').exec(source);
  const body =
    start && source.slice(start.index + start[0].length, source.indexOf('\n}', start.index));
  if (!body) throw new Error(`there is no interface ${name}`);
  return [...body.matchAll(FIELD)].flatMap(([, comment, field]) =>
    comment === undefined || field === undefined ? [] : [{ name: field, comment: plain(comment) }],
  );
};

/** The words of a comment in one line, without its tags. */
const plain = (comment: string): string =>
  comment
    .replaceAll(/^\s*\* ?/gm, '')
    .replace(/^@\w[\s\S]*/m, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** A number that a source file names. @throws Error where it does not */
export const constantIn = (source: string, name: string): number => {
  const value = new RegExp(`^(?:export )?const ${name} = ([\\d_]+);`, 'm').exec(source)?.[1];
  if (value === undefined) throw new Error(`there is no constant ${name}`);
  return Number(value.replaceAll('_', ''));
};
