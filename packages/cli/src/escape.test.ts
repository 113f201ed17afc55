import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, severalLines, shellWord } from './escape.ts';

// oxlint-disable-next-line no-control-regex -- what must not reach a terminal
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

describe('text of others', () => {
  it('never carries a control character to the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(oneLine(text)).not.toMatch(CONTROL);
        expect(oneLine(text)).not.toContain('\n');
        expect(severalLines(text)).not.toMatch(CONTROL);
      }),
    );
  });

  it('keeps its lines where it may have several', () => {
    expect(severalLines('a\r\nb\n\tc')).toBe('a\nb\n  c');
    expect(oneLine('a\n  b')).toBe('a b');
  });

  it('is one word to a shell', () => {
    for (const word of ['plain', 'two words', "it's", '$HOME', '`x`', 'a;b', '*'])
      expect(spawnSync('sh', ['-c', `printf %s ${shellWord(word)}`]).stdout.toString()).toBe(word);
  });
});
