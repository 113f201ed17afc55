import { describe } from 'vitest';
import { taskContract } from '../src/task-contract/index.ts';
import { postgresSchema } from './open.ts';
import { serverIsMissing } from './server.ts';

const missing = await serverIsMissing();
const features = { persistent: true, concurrentConnections: true, notify: true } as const;

describe.skipIf(missing !== undefined)(`with a server (${missing ?? 'it answers'})`, () => {
  taskContract({ name: 'PostgreSQL', features, open: postgresSchema });
});
