import { once } from 'node:events';
import { serveDatasets } from './http/dataset-server.ts';

const PORT = 8377;

await using server = await serveDatasets(PORT);
console.log(
  `Serving the files of vega-datasets, such as ${server.url('cars.json')}; Ctrl-C ends it`,
);
await once(process, 'SIGINT');
