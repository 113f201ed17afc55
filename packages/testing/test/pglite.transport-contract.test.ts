import { transportContract } from '../src/transport-contract/index.ts';
import { pgliteFolders } from './pglite-folders.ts';
import { STORED, storagePlace } from './storage-place.ts';

const folders = await pgliteFolders();

transportContract({
  name: 'PGlite',
  abilities: STORED,
  place: async () => storagePlace(await folders()),
});
