import { AT_ONCE } from '../durable/contender.ts';

/** So many publishers that each wait until their message is stored before they publish the next one. */
export const publishAll = async (
  messages: number,
  publish: (n: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0;
  const publisher = async (): Promise<void> => {
    while (next < messages) await publish(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, publisher));
};
