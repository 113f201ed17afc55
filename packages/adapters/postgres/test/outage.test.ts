import { createServer, connect, type Socket, type AddressInfo } from 'node:net';
import { ActionRegistry, DagExecutor, defineAction } from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgres } from '../src/index.ts';
import { dropSchema, SERVER, serverIsMissing, unusedSchema } from './server.ts';

const missing = await serverIsMissing();

/** The server behind a door that can be shut: connections break, and new ones are refused. */
const door = async () => {
  const { hostname, port } = new URL(SERVER);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const through = connect(Number(port), hostname);
    for (const each of [socket, through]) {
      sockets.add(each);
      each.on('error', () => {});
      each.on('close', () => {
        sockets.delete(each);
        socket.destroy();
        through.destroy();
      });
    }
    socket.pipe(through).pipe(socket);
  });
  const open = async (at: number): Promise<void> =>
    new Promise((resolve) => void server.listen(at, '127.0.0.1', resolve));
  const shut = async (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await open(0);
  const at = (server.address() as AddressInfo).port;
  const url = new URL(SERVER);
  url.hostname = '127.0.0.1';
  url.port = String(at);
  return { url: url.href, shut, open: () => open(at) };
};

describe.skipIf(missing !== undefined)(
  `a server that is away for a while (${missing ?? 'server'})`,
  () => {
    it('does not end the runs that are under way', async () => {
      const schema = unusedSchema();
      onTestFinished(() => dropSchema(schema));
      const { url, shut, open } = await door();
      const registry = new ActionRegistry([
        defineAction({
          name: 'step',
          async execute({ nodeId }) {
            if (nodeId === 'b') {
              await shut();
              setTimeout(() => void open(), 700);
            }
            return { nodeId };
          },
        }),
      ]);
      const executor = await DagExecutor.open({ registry, storage: postgres({ url, schema }) });
      onTestFinished(async () => {
        await executor.close().catch(() => {});
        await shut();
      });
      executor.add({
        name: 'g',
        nodes: [
          { id: 'a', action: 'step' },
          { id: 'b', action: 'step', dependencies: ['a'] },
          { id: 'c', action: 'step', dependencies: ['b'] },
        ],
      });
      const report = await executor.run('g', { runId: 'r' });
      expect(report.status).toBe('succeeded');
      expect(report.nodes['b']?.attempts).toBe(1);
    });
  },
);
