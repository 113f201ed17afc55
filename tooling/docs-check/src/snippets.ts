/** The code block that follows the comment `<!-- mark -->` in a Markdown text. */
export const snippet = (markdown: string, mark: string): string => {
  const at = markdown.indexOf(`<!-- ${mark} -->`);
  const block = at === -1 ? null : /```\w*\n([\s\S]*?)```/.exec(markdown.slice(at));
  if (block?.[1] === undefined) throw new Error(`there is no code block behind <!-- ${mark} -->`);
  return block[1];
};
