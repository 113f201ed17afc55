import { storageContract } from '../src/storage-contract/index.ts';
import { sqliteFile } from './open.ts';

storageContract({
  name: 'a SQLite file',
  features: {
    persistent: true,
    concurrentConnections: true,
    notify: { cannot: 'SQLite tells nobody' },
  },
  open: sqliteFile,
});
