/** What every node runs: the same no-op async function for everybody; it counts, so that no engine can skip a node. */
export interface Work {
  readonly run: () => Promise<Output>;
  /** For a floor without promises: only counts. */
  readonly count: () => void;
  readonly ran: () => number;
}

export interface Output {
  readonly v: number;
}

export function countedWork(): Work {
  let ran = 0;
  return {
    run: async () => {
      ran += 1;
      return { v: 1 };
    },
    count: () => {
      ran += 1;
    },
    ran: () => ran,
  };
}

export function assertAllRan(engine: string, work: Work, expected: number): void {
  if (work.ran() === expected) return;
  throw new Error(
    `${engine} ran ${work.ran()} nodes where the plan has ${expected}: its numbers would mean nothing`,
  );
}
