/** Half of a pair of surrogates is no character, and databases do not keep it. */
const HALF = /[\ud800-\udfff]/u;

/** Whether every database keeps a text as it is, so that what has it as its name is found again. */
export const isStorable = (text: string): boolean => !text.includes('\0') && !HALF.test(text);
