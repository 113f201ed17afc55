import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { sourcePath } from '../data/source.ts';

export interface DatasetServer extends AsyncDisposable {
  /** The address of a file that it serves. */
  url(file: string): string;
}

/** Serves the files of vega-datasets on the loopback interface; port 0 takes a free one. */
export const serveDatasets = async (port = 0): Promise<DatasetServer> => {
  const files = new Set(await readdir(dirname(sourcePath('dataset:cars.json'))));
  const server = createServer((request, response) => {
    const file = decodeURIComponent((request.url ?? '/').slice(1));
    // Only names of the listing, so that no request leaves the folder.
    if (files.has(file)) send(file, response);
    else response.writeHead(404).end();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: (file) => `http://127.0.0.1:${actual}/${file}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const send = (file: string, response: ServerResponse): void => {
  response.setHeader('content-type', file.endsWith('.json') ? 'application/json' : 'text/plain');
  createReadStream(sourcePath(`dataset:${file}`))
    .on('error', (error) => response.destroy(error))
    .pipe(response);
};
