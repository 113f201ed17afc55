import type { YAMLError } from 'yaml';
import { printable } from '../diagnostic.ts';

const INDENT = 'wrong indentation';

/** What to look for first, by the code of the parser's error. */
const ADVICE: Partial<Record<YAMLError['code'], string>> = {
  BAD_INDENT: INDENT,
  BLOCK_AS_IMPLICIT_KEY: `${INDENT}, or a text with ': ' in it that needs quotes`,
  MULTILINE_IMPLICIT_KEY: `${INDENT}, or a key without ':'`,
  TAB_AS_INDENT: 'a tab where spaces must stand',
  BAD_ALIAS: 'an alias without a name',
  BAD_DIRECTIVE: 'an unknown directive',
  RESOURCE_EXHAUSTION: 'nested too deep',
};

const advice = (error: YAMLError): string | undefined => {
  if (
    /Sequence item without|All (mapping|sequence|collection) items|node end|Implicit map keys/.test(
      error.message,
    )
  )
    return INDENT;
  if (error.message.startsWith('Missing closing')) return 'a quote that is never closed';
  return ADVICE[error.code];
};

/** The reason in our words first, then in the parser's. */
export const syntaxMessage = (error: YAMLError): string => {
  const first = printable(
    (error.message.split('\n', 1)[0] ?? '').replace(
      /^Missing closing (.)quote$/,
      'missing closing $1',
    ),
    200,
  );
  const reason = first.slice(0, 1).toLowerCase() + first.slice(1);
  const hint = advice(error);
  return hint === undefined ? reason : `${hint}: ${reason}`;
};
