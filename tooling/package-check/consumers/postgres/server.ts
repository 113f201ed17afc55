import { ActionRegistry, DagExecutor, DaggerError } from '@dagger/core';
import { postgres } from '@dagger/postgres';

const codeOf = async (opening: Promise<unknown>): Promise<string> => {
  try {
    await opening;
    return 'opened';
  } catch (error) {
    return error instanceof DaggerError ? error.code : String(error);
  }
};
const registry = new ActionRegistry();

// Nothing listens on port 1: the driver is there and says so.
const storage = postgres('postgres://127.0.0.1:1/work');
const server = await codeOf(DagExecutor.open({ registry, storage }));
await storage.close();
if (server !== 'STORAGE_FAILED') throw new Error(`a server that is not there: ${server}`);

const pglite = await codeOf(DagExecutor.open({ registry, storage: 'pglite::memory:' }));
if (pglite !== 'STORAGE_MISSING') throw new Error(`PGlite that is not installed: ${pglite}`);
