import { describe } from 'vitest';
import { transportContract } from '../src/transport-contract/index.ts';
import { postgresSchema } from './open.ts';
import { serverIsMissing } from './server.ts';
import { STORED, storagePlace } from './storage-place.ts';

const missing = await serverIsMissing();

describe.skipIf(missing !== undefined)(`with a server (${missing ?? 'it answers'})`, () => {
  transportContract({
    name: 'PostgreSQL',
    abilities: STORED,
    place: () => Promise.resolve(storagePlace(postgresSchema())),
  });
});
