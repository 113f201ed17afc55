import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ThreadContext } from '../src/index.ts';

type Context<I> = Pick<ThreadContext<I>, 'inputs'>;

/** The sum of the numbers below n, by counting. */
// oxlint-disable-next-line import/no-default-export -- what an action takes unless it is told otherwise
export default ({ inputs }: Context<{ readonly n: number }>): { readonly sum: number } => {
  let sum = 0;
  for (let i = 0; i < inputs.n; i++) sum += i;
  return { sum };
};

/** Spins until `count` of its kind are there: it ends only when they all run at the same time. */
export const meet = ({
  inputs: { folder, name, count },
}: Context<{ readonly folder: string; readonly name: string; readonly count: number }>): {
  readonly met: number;
} => {
  writeFileSync(join(folder, name), '');
  for (;;) {
    const met = readdirSync(folder).length;
    if (met >= count) return { met };
  }
};

/** Holds its thread for ever, having said that it began. */
export const forever = ({ inputs }: Context<{ readonly file: string }>): never => {
  writeFileSync(inputs.file, '');
  for (;;);
};

export const chatty = ({
  inputs,
  progress,
  log,
  useTokens,
  nodeId,
  attempt,
}: ThreadContext<{ readonly tokens: number }>): object => {
  progress(0.5, 'half');
  log.info('working', { at: nodeId });
  useTokens(inputs.tokens);
  progress(1);
  return { nodeId, attempt };
};

export const crashing = async ({
  inputs,
  attempt,
}: Context<{ readonly how: string }> & { readonly attempt: number }): Promise<object> => {
  if (inputs.how === 'exit') process.exit(3);
  if (inputs.how === 'once' && attempt === 1) process.exit(4);
  if (inputs.how === 'late') {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
    await new Promise(() => {});
  }
  const held: number[][] = [];
  while (inputs.how === 'memory')
    held.push(Array.from({ length: 100_000 }, (_, i) => i + held.length));
  return { attempt };
};

export const notAFunction = 7;
