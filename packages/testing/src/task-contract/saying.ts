import { expect } from 'vitest';

/** Any text with this in it. */
export const saying = (text: string | RegExp): unknown =>
  typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text);
