import { randomUUID } from 'node:crypto';
import { transportContract } from '@dagger/testing/transport-contract';
import { describe } from 'vitest';
import { natsTransport } from '../src/index.ts';
import { deleteStream, SERVER, serverIsMissing } from './server.ts';

const missing = await serverIsMissing();

describe.skipIf(missing !== undefined)(`with a server (${missing ?? 'it answers'})`, () => {
  transportContract({
    name: 'NATS JetStream',
    abilities: {
      persistent: true,
      replay: true,
      shared: true,
      dedupe: true,
      holds: { cannot: 'the bus keeps what waits for people' },
      trace: { cannot: 'the bus keeps what became of attempts' },
    },
    place: () => {
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      return Promise.resolve({
        open: () => natsTransport({ servers: SERVER, stream: name, prefix: name }),
        remove: () => deleteStream(name),
      });
    },
  });
});
