/** A promise to be opened by hand. */
export interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

export const gate = (): Gate => {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
};

/** Lets everything that is ready to go on do so. */
export const settle = async (turns = 50): Promise<void> => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
};
