import type { TraceEntry } from './entry.ts';

/**
 * For each entry, which other one holds its cause; undefined for a root. Where several have the same id, the first is meant.
 * Entries that are their own causes, by however many steps, have none in the earliest of them: what comes out are trees.
 */
export const causesOf = (entries: readonly TraceEntry[]): readonly (number | undefined)[] => {
  const byId = new Map<string, number>();
  for (const [i, { message }] of entries.entries())
    if (!byId.has(message.id)) byId.set(message.id, i);
  const causes = entries.map(({ message: { causationId } }) =>
    causationId === null ? undefined : byId.get(causationId),
  );
  /** By which walk each entry was reached. */
  const seen = new Map<number, number>();
  for (const start of causes.keys()) {
    let at: number | undefined = start;
    while (at !== undefined && !seen.has(at)) {
      seen.set(at, start);
      at = causes[at];
    }
    if (at !== undefined && seen.get(at) === start) causes[earliest(at, causes)] = undefined;
  }
  return causes;
};

/** The earliest entry of the cycle on which one is. */
const earliest = (on: number, causes: readonly (number | undefined)[]): number => {
  let first = on;
  for (let at = causes[on]; at !== undefined && at !== on; at = causes[at])
    first = Math.min(first, at);
  return first;
};
