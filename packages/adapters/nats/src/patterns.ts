const ANY_PART = '*';
const ANY_REST = '>';

/** Whether every channel that `narrow` stands for is one of `wide`'s. */
export const covers = (wide: string, narrow: string): boolean => {
  const wanted = wide.split('.');
  const parts = narrow.split('.');
  for (const [i, want] of wanted.entries()) {
    const part = parts[i];
    if (part === undefined) return false;
    if (want === ANY_REST) return true;
    if (part === ANY_REST || (want !== ANY_PART && want !== part)) return false;
  }
  return wanted.length === parts.length;
};

/** Whether there can be a channel that both stand for. */
const overlaps = (a: readonly string[], b: readonly string[]): boolean => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    if (one === ANY_REST || other === ANY_REST) return true;
    if (one !== ANY_PART && other !== ANY_PART && one !== other) return false;
  }
  return a.length === b.length;
};

/** The narrowest pattern that stands for all channels of two that overlap: they end together, or one does with `>`. */
const union = (a: readonly string[], b: readonly string[]): readonly string[] => {
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const [one, other] = [a[i], b[i]];
    if (one === undefined || other === undefined) return parts;
    if (one === ANY_REST || other === ANY_REST) return [...parts, ANY_REST];
    parts.push(one === other ? one : ANY_PART);
  }
};

/**
 * Patterns of which no two stand for the same channel, and which together stand for every channel of the given ones (and for
 * some more, where two of those overlap). A message that matched two consumers of a group would be handled twice, perhaps in
 * two processes at once, and nobody could tell.
 */
export const disjoint = (patterns: readonly string[]): readonly string[] => {
  const rest = [...new Set(patterns)].map((pattern): readonly string[] => pattern.split('.'));
  for (let i = 0; i < rest.length; i++)
    for (let j = i + 1; j < rest.length; j++) {
      const [a, b] = [rest[i], rest[j]];
      if (a === undefined || b === undefined || !overlaps(a, b)) continue;
      rest.splice(j, 1);
      rest[i] = union(a, b);
      // What it became may overlap with those that were looked at before.
      i = -1;
      break;
    }
  return rest.map((parts) => parts.join('.'));
};
