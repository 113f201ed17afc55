/** Milliseconds that can be compared between processes of one machine, finer than those of `Date.now`. */
export function exactNow(): number {
  return performance.timeOrigin + performance.now();
}
