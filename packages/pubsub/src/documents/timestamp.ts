/** Milliseconds since the Unix epoch as RFC 3339; undefined for a time that it has no four digits for the year of. */
export const toTimestamp = (time: number): string | undefined => {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return /^\d{4}-/.test(text) ? text : undefined;
};

const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** The milliseconds since the Unix epoch of RFC 3339 text, finer ones cut off; undefined for other text. */
export const fromTimestamp = (text: string): number | undefined => {
  const found = RFC_3339.exec(text);
  if (found === null) return undefined;
  const [year, month, day] = found.slice(1, 4).map(Number) as [number, number, number];
  // `Date` takes the 30th of February for a day of March.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const time = Date.parse(text.toUpperCase());
  return Number.isNaN(time) ? undefined : time;
};
