export const greet = {
  name: 'greet',
  execute: ({ input }) => ({ text: `Hello ${input.name}` }),
};
