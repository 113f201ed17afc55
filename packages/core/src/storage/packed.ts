import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

// Both work in the thread pool, so that a large value does not hold up the event loop.
const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Characters in a part: at most 3 MiB of UTF-8. */
const PART = 1024 * 1024;
/** Fast, and on JSON nearly as good as more. */
const LEVEL = 3;
/** Where compressed text is not smaller than this share, as with a picture in Base64, it is not worth the work. */
const WORTH = 0.75;

/** JSON text in the form in which it is stored. */
export interface Packed {
  /** SHA-256 of the JSON in UTF-8. */
  readonly hash: string;
  readonly encoding: Encoding;
  /** Of the JSON in UTF-8. */
  readonly bytes: number;
  /** Each part is text in whole characters, and is compressed by itself. */
  readonly parts: readonly Uint8Array[];
}

/** `json`: UTF-8. `deflate`: UTF-8 in raw deflate (RFC 1951). */
type Encoding = 'json' | 'deflate';

/** Text in pieces that do not cut a surrogate pair. */
const pieces = function* (text: string): IterableIterator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + PART);
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
    yield text.slice(start, end);
    start = end;
  }
};

/** Hashes JSON text, and compresses it when that pays. */
export const pack = async (json: string): Promise<Packed> => {
  const hash = createHash('sha256');
  const parts: Uint8Array[] = [];
  let encoding: Encoding = 'deflate';
  let bytes = 0;
  for (const piece of pieces(json)) {
    const plain = Buffer.from(piece, 'utf8');
    hash.update(plain);
    bytes += plain.length;
    const packed = encoding === 'deflate' ? await deflate(plain, { level: LEVEL }) : plain;
    // The first part speaks for all.
    if (parts.length === 0 && packed.length > plain.length * WORTH) encoding = 'json';
    parts.push(encoding === 'deflate' ? packed : plain);
  }
  return { hash: hash.digest('hex'), encoding, bytes, parts };
};

/** The JSON text of parts. @throws Error when it is not what was packed */
export const unpack = async (
  { hash: wanted, encoding }: { readonly hash: string; readonly encoding: string },
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> => {
  if (encoding !== 'json' && encoding !== 'deflate')
    throw new Error(`'${encoding}' is no encoding that this version knows`);
  const hash = createHash('sha256');
  let json = '';
  for await (const part of parts) {
    const plain = encoding === 'deflate' ? await inflate(part) : Buffer.from(part);
    hash.update(plain);
    json += plain.toString('utf8');
  }
  const found = hash.digest('hex');
  if (found !== wanted) throw new Error(`its SHA-256 is ${found}`);
  return json;
};
