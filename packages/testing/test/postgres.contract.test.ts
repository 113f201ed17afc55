import { postgres } from '@dagger/postgres';
import { describe, it } from 'vitest';
import { storageContract } from '../src/index.ts';
import { dropSchema, SERVER, serverIsMissing, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

if (missing !== undefined)
  describe.skip(`the storage contract on PostgreSQL: ${missing}`, () => {
    it.todo('needs a server');
  });
else
  storageContract({
    name: 'PostgreSQL',
    features: { persistent: true, concurrentConnections: true, notify: true },
    open: () => {
      const schema = unusedSchema();
      const open = (): ReturnType<typeof postgres> => postgres({ url: SERVER, schema });
      return { storage: open(), reopen: open, beside: open, remove: () => dropSchema(schema) };
    },
  });
