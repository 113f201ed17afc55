import { transportContract } from '../src/transport-contract/index.ts';
import { sqliteFile } from './open.ts';
import { STORED, storagePlace } from './storage-place.ts';

transportContract({
  name: 'a SQLite file',
  abilities: STORED,
  place: () => Promise.resolve(storagePlace(sqliteFile())),
});
