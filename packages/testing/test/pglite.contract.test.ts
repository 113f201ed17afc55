import { storageContract } from '../src/storage-contract/index.ts';
import { pgliteFolders } from './pglite-folders.ts';

storageContract({
  name: 'PGlite',
  features: {
    persistent: true,
    concurrentConnections: { cannot: 'a folder belongs to one instance' },
    notify: true,
  },
  open: await pgliteFolders(),
});
