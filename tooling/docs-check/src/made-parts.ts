/** Parts of a page that are made from code: what stands between `<!-- made: name -->` and `<!-- end -->`. */
const PART = /<!-- made: ([\w-]+) -->\n[\s\S]*?<!-- end -->/g;

/**
 * The page with each part as the code makes it.
 * @throws Error where the page has a part that nobody makes, or a part is made that the page does not have
 */
export const withMadeParts = (
  page: string,
  parts: Readonly<Record<string, () => string>>,
): string => {
  const left = new Set(Object.keys(parts));
  const made = page.replaceAll(PART, (_, name: string) => {
    const make = parts[name];
    if (make === undefined) throw new Error(`nobody makes the part '${name}'`);
    left.delete(name);
    return [
      `<!-- made: ${name} -->`,
      '<!-- prettier-ignore-start -->',
      '',
      make(),
      '',
      '<!-- prettier-ignore-end -->',
      '<!-- end -->',
    ].join('\n');
  });
  if (left.size > 0) throw new Error(`the page has no part ${[...left].join(', ')}`);
  return made;
};
