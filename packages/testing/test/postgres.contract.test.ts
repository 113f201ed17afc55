import { postgres } from '@dagger/postgres';
import { describe } from 'vitest';
import { storageContract } from '../src/storage-contract/index.ts';
import { dropSchema, SERVER, serverIsMissing, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

describe.skipIf(missing !== undefined)(`with a server (${missing ?? 'it answers'})`, () => {
  storageContract({
    name: 'PostgreSQL',
    features: { persistent: true, concurrentConnections: true, notify: true },
    open: () => {
      const schema = unusedSchema();
      const open = (): ReturnType<typeof postgres> => postgres({ url: SERVER, schema });
      return { storage: open(), reopen: open, beside: open, remove: () => dropSchema(schema) };
    },
  });
});
