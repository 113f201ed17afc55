/** `first` adds 2 to the input `x`, `second` adds 2 to that. */
export const ADDING = `
name: adding
description: Adds numbers
tags: [nightly, small]
nodes:
  - id: first
    action: add
    inputs:
      - { name: a, reference: inputs.x }
      - { name: b, value: 2 }
  - id: second
    action: add
    dependencies: [first]
    inputs:
      - { name: a, reference: first.sum }
      - { name: b, value: 2 }
`;

export const FAILING = `
name: failing
nodes:
  - { id: good, action: fine }
  - { id: bad, action: fragile, dependencies: [good], try_count: 1 }
  - { id: after, action: fine, dependencies: [bad] }
`;

export const WAITING = `
name: waiting
nodes:
  - { id: only, action: wait }
`;

/** `fragile` works once the file `mended` is there. `wait` ends when it is aborted, \`stubborn\` never does. */
export const ACTIONS = `
import { existsSync } from 'node:fs';
interface Context { readonly inputs: { readonly a: number; readonly b: number }; readonly signal: AbortSignal }
export const add = {
  name: 'add',
  description: 'Adds two numbers',
  async execute({ inputs }: Context) { return { sum: inputs.a + inputs.b }; },
};
export const others = [
  { name: 'fine', async execute() { console.log('fine is at work'); return { ok: true }; } },
  {
    name: 'fragile',
    async execute() {
      if (!existsSync('mended')) throw new Error('it broke "again" \\u001b[31m');
      return { ok: true };
    },
  },
  {
    name: 'wait',
    execute({ signal }: Context) {
      console.log('waiting now');
      const alive = setInterval(() => {}, 60_000);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => { clearInterval(alive); reject(signal.reason as Error); });
      });
    },
  },
  {
    name: 'stubborn',
    execute() {
      console.log('waiting now');
      setInterval(() => {}, 60_000);
      return new Promise(() => {});
    },
  },
];
`;
