import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A database file in a folder of its own, gone afterwards with its -wal and -shm. */
export async function withTempFile<T>(use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dagger-bench-'));
  try {
    return await use(join(folder, 'bench.db'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
