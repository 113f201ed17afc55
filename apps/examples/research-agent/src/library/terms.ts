const EMPTY: ReadonlySet<string> = new Set(
  `a about after all also although an and any are as at be because been before between both but by can could did do does during
  each for from had has have he her his how however if in including into is it its less many may more most much no not of on one
  only or other over own per said same several she should since so some such than that the their them there these they this those
  through to two under until up was were what when where which while who why will with within without would`.split(
    /\s+/,
  ),
);

/** The form in which a word is looked up; undefined for one that says nothing by itself. */
export const termOf = (word: string): string | undefined => {
  const lower = word.toLowerCase();
  if (lower.length < 3 || EMPTY.has(lower)) return undefined;
  if (/(?:ss|us|is)$/.test(lower)) return lower;
  if (lower.endsWith('ies') && lower.length > 4) return `${lower.slice(0, -3)}y`;
  return lower.endsWith('s') ? lower.slice(0, -1) : lower;
};

/** The terms of a text, each as often as it is there. */
export const termsOf = (text: string): string[] =>
  (text.match(/[A-Za-z]+/g) ?? []).flatMap((word) => termOf(word) ?? []);
