import type { Desk } from '../src/agents/desk.ts';
import { openLibrary } from '../src/library/library.ts';
import { readFactbook } from '../src/library/read-factbook.ts';
import { ruleThinking } from '../src/thinking/rule-thinking.ts';
import type { Thinking } from '../src/thinking/thinking.ts';

export const QUESTIONS = [
  'Disputes over rivers and dams',
  'Desalinisation as a source of fresh water',
] as const;

/** Reading it takes a moment; nothing changes it. */
const library = openLibrary(await readFactbook());

/** The real library, with rules that think, and some of them replaced. */
export const deskForTest = (replaced: Partial<Thinking> = {}): Desk => ({
  library,
  thinking: { ...ruleThinking(library), ...replaced },
  pace: 0,
});
