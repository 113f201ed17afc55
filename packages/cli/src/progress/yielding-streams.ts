interface Block {
  hide(): void;
  show(): void;
}

interface YieldingStreams {
  /** Runs what writes the block itself, which passes straight through. */
  own(work: () => void): void;
  restore(): void;
}

type Write = (this: void, ...args: unknown[]) => boolean;

/**
 * Makes a block at the bottom of the terminal give way to whatever else is written: to stderr by us, to stdout by the
 * `console.log` of an action.
 */
export const yieldingTo = (block: Block): YieldingStreams => {
  let own = false;
  const asOwn = (work: () => void): void => {
    const before = own;
    own = true;
    try {
      work();
    } finally {
      own = before;
    }
  };
  const restores = [process.stdout, process.stderr].map((stream) => {
    const write = stream.write.bind(stream) as Write;
    const yielding: Write = (...args) => {
      // What a pipe carries does not meet the block.
      if (own || !stream.isTTY) return write(...args);
      let accepted = true;
      asOwn(() => {
        block.hide();
        accepted = write(...args);
        block.show();
      });
      return accepted;
    };
    stream.write = yielding;
    return () => {
      stream.write = write;
    };
  });
  return {
    own: asOwn,
    restore() {
      for (const restore of restores) restore();
    },
  };
};
