/** Version, trace, parent and flags; neither of the ids may be zero. */
const ANY = '-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}';
/** Later versions may have more after them. */
const TRACEPARENT = new RegExp(`^(?:00${ANY}|(?!00|ff)[0-9a-f]{2}${ANY}(?:-.*)?)$`);

/** Whether text is a `traceparent` of W3C; others must be ignored by those who continue traces. */
export const isTraceparent = (text: string): boolean => TRACEPARENT.test(text);
