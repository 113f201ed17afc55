/** The words of a text, in lower case and without a plural's s. */
export const words = (text: string): string[] =>
  (text.toLowerCase().match(/[a-z]+/g) ?? []).map((word) => word.replace(/(?<=..[^s])s$/, ''));
