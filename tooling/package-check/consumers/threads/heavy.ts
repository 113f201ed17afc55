import type { ThreadContext } from '@dagger/threads';

export const count = ({ inputs }: ThreadContext<{ readonly below: number }>): object => {
  let sum = 0;
  for (let i = 0; i < inputs.below; i++) sum += i;
  return { sum };
};
