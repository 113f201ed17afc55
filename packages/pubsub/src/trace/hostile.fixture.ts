import * as fc from 'fast-check';

/** Texts that break pictures which do not escape them. */
const NASTY: readonly string[] = [
  '"]:::x',
  '])',
  '-->',
  '%%{init: {}}%%',
  '<b>&lt;</b>',
  '<script>alert(1)</script>',
  '`x`',
  '\\',
  '\\N\\',
  '{a|b}',
  '\u0000\u001b[31m',
  '\u202egnp.exe',
  '\ud800',
  '\udc00x',
  '\uffff',
  'a\nb\r\nc\u2028d',
  '];\n}',
  '$$x$$',
  '🙂'.repeat(200),
  '1. list',
  '__proto__',
  ' ',
  'x'.repeat(5_000),
];

export const nastyText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...NASTY)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(''));
