import { taskContract } from '../src/task-contract/index.ts';
import { sqliteFile } from './open.ts';

taskContract({
  name: 'a SQLite file',
  features: {
    persistent: true,
    concurrentConnections: true,
    notify: { cannot: 'SQLite tells nobody' },
  },
  open: sqliteFile,
});
