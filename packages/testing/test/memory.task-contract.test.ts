import { sqlite } from '@dagger/sqlite';
import { taskContract } from '../src/task-contract/index.ts';

taskContract({
  name: 'SQLite in memory',
  features: {
    persistent: { cannot: 'the database is gone when it is closed' },
    concurrentConnections: { cannot: 'every opening is a database of its own' },
    notify: { cannot: 'SQLite tells nobody' },
  },
  open: () => ({ storage: sqlite('sqlite::memory:') }),
});
