import { Composer, CST, Lexer, Parser, type Document, type YAMLError } from 'yaml';
import { grouped } from '../describe.ts';
import { finding, type Finding } from './finding.ts';
import { syntaxMessage } from './syntax-message.ts';

/** Deep enough for the deepest JSON value as the literal of an input, and shallow enough for every recursion here. */
export const DEEPEST = 512;
/** Keys and values of one text; the parser takes about a kilobyte for each. */
const MOST_SCALARS = 300_000;
const MOST_FINDINGS = 20;

const { SCALAR } = CST;

export interface ParsedText {
  /** Absent when the text cannot be judged further. */
  readonly document: Document.Parsed | undefined;
  /** Scalars in the text. */
  readonly scalars: number;
  /** Where tags stand that the core schema does not know. */
  readonly tagOffsets: readonly number[];
  readonly findings: readonly Finding[];
}

const unusable = (scalars: number, ...findings: Finding[]): ParsedText => ({
  document: undefined,
  scalars,
  tagOffsets: [],
  findings,
});

/** The way from text to tokens, with a guard against what would exhaust the stack or the memory behind it. */
class Tokens {
  scalars = 0;
  stopped: Finding | undefined;
  /** Where the last quote was opened that is not closed. */
  openQuote: number | undefined;
  readonly #text: string;
  readonly #parser: Parser = new Parser();

  constructor(text: string) {
    this.#text = text;
  }

  *stream(): Generator<CST.Token> {
    let documents = 0;
    let errors = 0;
    for (const token of this.#tokens()) {
      if (token.type === 'error' && ++errors > MOST_FINDINGS) return;
      if (token.type === 'document' && ++documents > 1) {
        this.stopped = finding(
          'document-count',
          'a second document begins here; a file holds one',
          token.offset,
        );
        return;
      }
      yield token;
    }
  }

  *#tokens(): Generator<CST.Token> {
    const parser = this.#parser;
    for (const lexeme of new Lexer().lex(this.#text)) {
      this.#watch(lexeme);
      yield* parser.next(lexeme);
      if (parser.stack.length > DEEPEST) {
        this.stopped = finding(
          'limit',
          `nested deeper than ${DEEPEST} levels (the depth that is allowed)`,
          parser.offset,
        );
        return;
      }
      if (this.scalars > MOST_SCALARS) {
        this.stopped = finding(
          'limit',
          `more than ${grouped(MOST_SCALARS)} keys and values`,
          parser.offset,
        );
        return;
      }
    }
    yield* parser.end();
  }

  #watch(lexeme: string): void {
    if (lexeme === SCALAR) this.scalars++;
    const first = lexeme[0];
    if (first !== '"' && first !== "'") return;
    this.scalars++;
    if (lexeme.length === 1 || !lexeme.endsWith(first)) this.openQuote = this.#parser.offset;
  }
}

const OPTIONS = {
  // Quadratic in the library; `inspect.ts` looks for duplicates itself.
  uniqueKeys: false,
  // A `%YAML 1.1` directive must not turn `yes` into true and 1:30 into 90.
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  logLevel: 'error',
} as const;

/** One finding per line, since one mistake often gives several errors. */
const distinct = (errors: readonly YAMLError[], tokens: Tokens, text: string): Finding[] => {
  const found: Finding[] = [];
  let lineEnd = -1;
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const unclosed = error.message.startsWith('Missing closing');
    const offset = unclosed ? (tokens.openQuote ?? error.pos[0]) : error.pos[0];
    if (error.pos[0] <= lineEnd) continue;
    const end = text.indexOf('\n', error.pos[0]);
    lineEnd = end === -1 ? text.length : end;
    found.push(finding('syntax', syntaxMessage(error), offset));
    if (found.length === MOST_FINDINGS) break;
  }
  return found;
};

/** Reads one document. Never throws, whatever the text. */
export const parseText = (text: string): ParsedText => {
  const tokens = new Tokens(text);
  let document: Document.Parsed | undefined;
  try {
    for (const composed of new Composer(OPTIONS).compose(tokens.stream(), true, text.length)) {
      document ??= composed;
    }
  } catch (thrown) {
    const what =
      thrown instanceof RangeError ? 'nested too deep' : 'the text cannot be read as YAML';
    return unusable(tokens.scalars, finding('limit', what, 0));
  }
  if (tokens.stopped !== undefined) return unusable(tokens.scalars, tokens.stopped);
  if (document === undefined)
    return unusable(0, finding('document-empty', 'the document is empty', 0));
  const errors = distinct(document.errors, tokens, text);
  if (errors.length > 0) return unusable(tokens.scalars, ...errors);
  const tagOffsets: number[] = [];
  const findings: Finding[] = [];
  for (const warning of document.warnings) {
    if (warning.code === 'TAG_RESOLVE_FAILED') tagOffsets.push(warning.pos[0]);
    else
      findings.push({
        ...finding('syntax', syntaxMessage(warning), warning.pos[0]),
        severity: 'warning',
      });
  }
  return {
    document,
    scalars: tokens.scalars,
    tagOffsets: tagOffsets.sort((a, b) => a - b),
    findings,
  };
};
