/** One call of an agent's `execute`. */
export interface Execution {
  readonly taskId: string;
  readonly run: number;
  readonly worker: string;
  readonly signal: AbortSignal;
}

/** The calls of agents that have begun and not ended. */
export class Executions {
  readonly #open: Set<Execution> = new Set();

  /** @returns what is still open of the same task */
  began(execution: Execution): readonly Execution[] {
    const others = [...this.#open].filter(({ taskId }) => taskId === execution.taskId);
    this.#open.add(execution);
    return others;
  }

  ended(execution: Execution): void {
    this.#open.delete(execution);
  }

  /** Those of a process that died never end. */
  forget(worker: string): void {
    for (const execution of this.#open)
      if (execution.worker === worker) this.#open.delete(execution);
  }
}
