import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** The line with which each process begins. */
export interface SessionMark {
  readonly type: 'session';
}

/** Appends one line. The process dies and not the machine, so what was written stays. */
export const note = <E extends { readonly type: string }>(file: string, effect: E): void =>
  appendFileSync(file, `${JSON.stringify(effect)}\n`);

export const readSideEffects = <E>(file: string): readonly (E | SessionMark)[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as E | SessionMark)
    : [];

/** The effects of each process, in order. */
export const bySession = <E extends { readonly type: string }>(
  effects: readonly (E | SessionMark)[],
): readonly (readonly E[])[] => {
  const sessions: E[][] = [];
  for (const effect of effects) {
    if (effect.type === 'session') sessions.push([]);
    else sessions.at(-1)?.push(effect as E);
  }
  return sessions;
};
