/** Numbers in [0, 1) that the seed decides. */
export type Random = () => number;

/** FNV-1a, so that seeds that look alike begin apart. */
const hash = (text: string): number => {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
};

/** The generator mulberry32: the same seed gives the same numbers, on every machine. Not for secrets. */
export const seededRandom = (seed: number | string): Random => {
  let state = hash(String(seed));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};
