import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pack, unpack } from './packed.ts';

/** Text that no compression makes smaller, from a generator of its own. */
const noise = (length: number): string => {
  let seed = 1;
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = seed >>> 24;
  }
  return bytes.toString('utf16le');
};

describe('text that is packed', () => {
  it.each([
    ['', 1],
    ['{"a":1}', 1],
    ['words again and again '.repeat(200_000), 5],
    [Buffer.from(noise(3_000_000), 'utf8').toString('utf8'), 2],
    // The pairs lie across the borders of the parts.
    [`x${'𝄞'.repeat(1_100_000)}`, 3],
  ])('comes back as it was, and its hash is that of its UTF-8', async (text, parts) => {
    const packed = await pack(text);
    expect(packed.hash).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
    expect(packed.bytes).toBe(Buffer.byteLength(text));
    expect(packed.parts.length).toBe(text === '' ? 0 : parts);
    for (const part of packed.parts) expect(part.length).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect((await unpack(packed, packed.parts)) === text).toBe(true);
  });

  it('is compressed when that pays, and only then', async () => {
    const words = await pack('words again and again '.repeat(1_000));
    expect(words.encoding).toBe('deflate');
    expect(words.parts[0]?.length).toBeLessThan(words.bytes / 20);
    const picture = Buffer.from(noise(20_000), 'utf16le').toString('base64');
    expect((await pack(picture)).encoding).toBe('json');
  });

  it('is refused when a part is not what it was', async () => {
    const packed = await pack(Buffer.from(noise(20_000), 'utf16le').toString('base64'));
    const [part] = packed.parts;
    const other = Uint8Array.from(part ?? []);
    other[100] = (other[100] ?? 0) ^ 1;
    await expect(unpack(packed, [other])).rejects.toThrow('SHA-256');
    await expect(unpack(packed, [])).rejects.toThrow('SHA-256');
  });
});
