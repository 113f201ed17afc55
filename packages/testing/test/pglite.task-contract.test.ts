import { taskContract } from '../src/task-contract/index.ts';
import { pgliteFolders } from './pglite-folders.ts';

taskContract({
  name: 'PGlite',
  features: {
    persistent: true,
    concurrentConnections: { cannot: 'a folder belongs to one instance' },
    notify: true,
  },
  open: await pgliteFolders(),
});
