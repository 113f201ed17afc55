import type { Storage } from '@dagger/core';
import type { Kysely } from 'kysely';
import type { TaskTables } from '@dagger/tasks';
import type { OpenStorage } from '../storage-contract/index.ts';
import type { TaskContract } from './features.ts';

const TABLES = [
  'dagger_task_edges',
  'dagger_tasks',
  'dagger_job_log',
  'dagger_job_state',
  'dagger_jobs',
  'dagger_workers',
] as const satisfies readonly (keyof TaskTables)[];

/** A database that many cases use one after the other: making one takes much longer than emptying it. */
export class SharedPlace {
  readonly #contract: TaskContract;
  #opened: Promise<OpenStorage> | undefined;
  #beside: Promise<Storage> | undefined;

  constructor(contract: TaskContract) {
    this.#contract = contract;
  }

  async #place(): Promise<OpenStorage> {
    return (this.#opened ??= Promise.resolve(this.#contract.open()));
  }

  async storage(): Promise<Storage> {
    return (await this.#place()).storage;
  }

  /** Another storage on the same data where the contract has such, else the same one. */
  async beside(): Promise<Storage> {
    const { storage, beside } = await this.#place();
    if (beside === undefined) return storage;
    return (this.#beside ??= Promise.resolve(beside()));
  }

  /** Deletes everything of the tasks. */
  async empty(): Promise<void> {
    const storage = await this.storage();
    await storage.transaction(async (plain) => {
      const trx = plain as unknown as Kysely<TaskTables>;
      for (const table of TABLES) await trx.deleteFrom(table).execute();
    });
  }

  async close(): Promise<void> {
    const opened = await this.#opened;
    await (await this.#beside)?.close();
    await opened?.storage.close();
    await opened?.remove?.();
  }
}
