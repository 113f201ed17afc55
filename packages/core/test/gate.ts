/** A door that a test opens: work waits at `passed`. */
export interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

export const gate = (): Gate => {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
};
