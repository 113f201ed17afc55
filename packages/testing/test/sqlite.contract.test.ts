import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlite } from '@dagger/sqlite';
import { storageContract } from '../src/storage-contract/index.ts';

storageContract({
  name: 'a SQLite file',
  features: {
    persistent: true,
    concurrentConnections: true,
    notify: { cannot: 'SQLite tells nobody' },
  },
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), 'dagger-contract-'));
    const open = (): ReturnType<typeof sqlite> => sqlite(join(folder, 'runs.db'));
    return {
      storage: open(),
      reopen: open,
      beside: open,
      remove: () => rmSync(folder, { recursive: true }),
    };
  },
});
