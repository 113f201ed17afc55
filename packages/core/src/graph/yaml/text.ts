import { grouped } from '../describe.ts';
import { finding, type Finding } from './finding.ts';

/** Text with LF or CRLF line ends and no byte order mark, or what is wrong with it. */
export interface SourceText {
  readonly text: string;
  readonly findings: readonly Finding[];
}

export const MAX_BYTES: number = 8 * 1024 * 1024;
/** The parser takes its time for each line, however empty. */
const MAX_LINES = 500_000;
const MOST_FINDINGS = 20;

// What YAML calls not printable, and the byte order mark. NEL (U+0085) is printable.
export const FORBIDDEN: RegExp =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff]|[\ud800-\udfff]/gu;

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** How many bytes at the start are whole and valid UTF-8. */
const validLength = (bytes: Uint8Array): number => {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return low;
};

const notUtf8 = (bytes: Uint8Array): SourceText => {
  // With `stream`, a character that is cut off at the end is left out, so that its first byte is the one to blame.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    bytes.subarray(0, validLength(bytes)),
    { stream: true },
  );
  const length = new TextEncoder().encode(text).length;
  const utf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const byte = (bytes[length] ?? 0).toString(16).toUpperCase().padStart(2, '0');
  const reason = utf16 ? 'it begins like UTF-16' : `the byte 0x${byte} does not belong there`;
  return { text, findings: [finding('encoding', `the text is not UTF-8: ${reason}`, text.length)] };
};

const named = (char: string): string =>
  `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

const characterProblem = (char: string): string => {
  if (char === '\ufeff')
    return 'a byte order mark (U+FEFF) inside the text; it may stand at the very start only';
  if (/[\ud800-\udfff]/u.test(char)) return `half of a surrogate pair (${named(char)})`;
  return `the control character ${named(char)}, which YAML does not allow; write it as an escape in double quotes`;
};

/** Where the line after so many begins, or undefined when there are fewer. */
const lineStart = (text: string, lines: number): number | undefined => {
  let at = -1;
  for (let line = 0; line < lines; line++) {
    at = text.indexOf('\n', at + 1);
    if (at === -1) return undefined;
  }
  return at + 1;
};

/** Checks size, encoding and characters. */
export const readSource = (source: string | Uint8Array, maxBytes: number): SourceText => {
  if (source.length > maxBytes) {
    return {
      text: '',
      findings: [
        finding(
          'limit',
          `the text has ${grouped(source.length)} bytes, more than ${grouped(maxBytes)}`,
          0,
        ),
      ],
    };
  }
  let text: string;
  if (typeof source === 'string') text = source.startsWith('\ufeff') ? source.slice(1) : source;
  else {
    const decoded = decode(source);
    if (decoded === undefined) return notUtf8(source);
    text = decoded;
  }
  // A lone CR ends a line in YAML, and the parser does not know it. The length stays, and with it every offset.
  text = text.replace(/\r(?!\n)/g, '\n');
  const tooLong = lineStart(text, MAX_LINES);
  if (tooLong !== undefined) {
    return {
      text: '',
      findings: [finding('limit', `the text has more than ${grouped(MAX_LINES)} lines`, 0)],
    };
  }
  const findings: Finding[] = [];
  for (const match of text.matchAll(FORBIDDEN)) {
    if (findings.length >= MOST_FINDINGS) break;
    findings.push(finding('encoding', characterProblem(match[0]), match.index));
  }
  return { text, findings };
};
