import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** The server that tests use: as `DAGGER_TEST_NATS` says. */
export const SERVER: string = process.env['DAGGER_TEST_NATS'] ?? '127.0.0.1:4222';

export const withClient = async <T>(
  work: (connection: NatsConnection) => Promise<T>,
  servers: string = SERVER,
): Promise<T> => {
  const connection = await connect({ servers, timeout: 2_000 });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
};

/** Why there is no server, or undefined when there is one. */
export const serverIsMissing = async (): Promise<string | undefined> => {
  try {
    await withClient((connection) => jetstreamManager(connection));
    return undefined;
  } catch (error) {
    return `no NATS server with JetStream answers at ${SERVER} (${error instanceof Error ? error.message : String(error)})`;
  }
};

/** Why no server can be started, or undefined. */
export const programIsMissing = async (): Promise<string | undefined> => {
  const program = spawn('nats-server', ['--version'], { stdio: 'ignore' });
  try {
    await once(program, 'exit');
    return undefined;
  } catch {
    return 'there is no program nats-server';
  }
};

export const deleteStream = (stream: string): Promise<void> =>
  withClient(async (connection) => {
    const jsm = await jetstreamManager(connection);
    // A test that failed early made none.
    await jsm.streams.delete(stream).catch(() => {});
  });

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** A server of one's own, which can die and come again with what it had. */
export class OwnServer {
  readonly address: string;
  readonly #port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.#port = port;
    this.#folder = folder;
    this.address = `127.0.0.1:${port}`;
  }

  static async start(): Promise<OwnServer> {
    const server = new OwnServer(await freePort(), await mkdtemp(join(tmpdir(), 'dagger-nats-')));
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const process = spawn(
      'nats-server',
      ['-js', '-sd', this.#folder, '-p', String(this.#port), '-a', '127.0.0.1'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = process;
    for await (const text of process.stderr.iterator({ destroyOnReturn: false }))
      if (String(text).includes('Server is ready')) break;
    process.stderr.resume();
  }

  /** SIGKILL: nothing is flushed. */
  async kill(): Promise<void> {
    const process = this.#process;
    if (process === undefined || process.exitCode !== null) return;
    this.#process = undefined;
    const exit = once(process, 'exit');
    process.kill('SIGKILL');
    await exit;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
