/** The numbers from 0 on in pieces. */
export function* batches(count: number, size: number): Generator<number[]> {
  for (let from = 0; from < count; from += size)
    yield Array.from({ length: Math.min(size, count - from) }, (_, index) => from + index);
}
