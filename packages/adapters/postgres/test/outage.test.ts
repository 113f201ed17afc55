import { createServer, connect, type Socket, type AddressInfo } from 'node:net';
import { ActionRegistry, DagExecutor, defineAction } from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgres } from '../src/index.ts';
import { dropSchema, SERVER, serverIsMissing, terminate, unusedSchema } from './server.ts';

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

describe.skipIf(missing !== undefined)(
  `connections that the server ends again and again (${missing ?? 'server'})`,
  () => {
    it.each([1, 3])('end no run, and no node runs twice, with %d of them', async (max) => {
      const [schema, applicationName] = [unusedSchema(), unusedSchema()];
      onTestFinished(() => dropSchema(schema));
      const ran = new Map<string, number>();
      const registry = new ActionRegistry([
        defineAction({
          name: 'step',
          execute({ nodeId }) {
            ran.set(nodeId, (ran.get(nodeId) ?? 0) + 1);
            return { text: 'x'.repeat(nodeId.length % 2 === 0 ? 30_000 : 10) };
          },
        }),
      ]);
      const executor = await DagExecutor.open({
        registry,
        storage: postgres({ url: SERVER, schema, max, applicationName }),
      });
      onTestFinished(() => executor.close());
      const nodes = Array.from({ length: 40 }, (_, i) => ({
        id: `n${i}`,
        action: 'step',
        dependencies: i < 3 ? [] : [`n${i - 3}`],
        inputs: [{ name: 'i', value: i }],
        cacheStrategy: 'always' as const,
      }));
      executor.add({ name: 'g', nodes });
      const handle = await executor.start('g', { runId: 'r' });
      let ended = 0;
      for (let i = 0; i < 20; i++) ended += await terminate(applicationName);
      const report = await handle.done;
      expect(ended).toBeGreaterThan(0);
      expect(report.counts).toMatchObject({ total: 40, succeeded: 40 });
      expect([...ran.values()]).toEqual(nodes.map(() => 1));
    });
  },
);
