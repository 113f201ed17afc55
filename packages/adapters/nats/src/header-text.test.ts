import { expect, test } from 'vitest';
import { fromHeaderName, fromHeaderText, toHeaderName, toHeaderText } from './header-text.ts';

test.each([
  '',
  'plain ✓',
  ' a',
  'a ',
  'a\nb',
  '\r\n',
  '=%',
  '=%41',
  'a=%',
  '100%',
  '\u2028',
  '\u0000',
])('the text %j is one line as a header, and itself again', (text) => {
  const header = toHeaderText(text, 'it');
  expect(header).not.toMatch(/[\r\n]|^\s|\s$/);
  expect(fromHeaderText(header)).toBe(text);
});

test('codes of others stay as they are', () => {
  expect(fromHeaderText('=%%')).toBe('=%%');
  expect(fromHeaderName('100%')).toBe('100%');
});

test.each(['a', 'A:b', 'two words', 'ü', ''])('the name %j is a name as a header', (name) => {
  expect(toHeaderName(name)).toMatch(/^[!-9;-~]*$/);
  expect(fromHeaderName(toHeaderName(name))).toBe(name);
});
