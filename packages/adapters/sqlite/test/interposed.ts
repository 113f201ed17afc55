export { interposed, type Around } from '../../../testing/src/interposed.ts';

/** Lets everything that is ready to go on do so. */
export const settle = async (turns = 20): Promise<void> => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
};
