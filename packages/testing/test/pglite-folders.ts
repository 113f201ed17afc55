import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '@dagger/core';
import { pglite } from '@dagger/postgres/pglite';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeEach } from 'vitest';
import type { OpenStorage } from '../src/storage-contract/index.ts';

/** Whether a case is being carried out; what is closed otherwise is closed because a case is over. */
let isInCase = false;

/** A database in a folder; it stays open for the next case unless a case itself closes it. */
class Folder {
  readonly #path: string;
  /** All that were opened, the last one at the end. */
  readonly #opened: Storage[] = [];
  #lent: Storage | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The storage that is open, or a new one. */
  open(): Storage {
    return (this.#lent ??= this.#lend());
  }

  #lend(): Storage {
    const storage = pglite(this.#path);
    this.#opened.push(storage);
    const lent: Storage = {
      ...storage,
      close: async () => {
        if (!isInCase) return;
        if (this.#lent === lent) this.#lent = undefined;
        await storage.close();
      },
    };
    return lent;
  }

  /** Makes it as a new one is. */
  async empty(): Promise<void> {
    const { db } = this.open();
    await sql`drop schema public cascade`.execute(db);
    await sql`create schema public`.execute(db);
  }

  async close(): Promise<void> {
    for (const storage of this.#opened) await storage.close();
  }
}

/**
 * Gives databases of PGlite to the cases of a file. Making one takes seconds and opening one a good part of one, so a case gets
 * what the case before it has left open, emptied; one more only while that is in use.
 */
export const pgliteFolders = async (): Promise<() => Promise<OpenStorage>> => {
  const place = mkdtempSync(join(tmpdir(), 'dagger-contract-'));
  const template = join(place, 'template');
  const first = pglite(template);
  await sql`select 1`.execute(first.db);
  await first.close();

  const all: Folder[] = [];
  const unused: Folder[] = [];
  beforeEach(() => void (isInCase = true));
  afterEach(() => void (isInCase = false));
  afterAll(async () => {
    for (const folder of all) await folder.close();
    rmSync(place, { recursive: true });
  });

  const another = (): Folder => {
    const path = join(place, `${all.length}`);
    cpSync(template, path, { recursive: true });
    const folder = new Folder(path);
    all.push(folder);
    return folder;
  };
  return async () => {
    const folder = unused.pop() ?? another();
    await folder.empty();
    return {
      storage: folder.open(),
      reopen: () => folder.open(),
      remove: () => void unused.push(folder),
    };
  };
};
