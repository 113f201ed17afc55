// A process that works on a run until it is told otherwise: `node -C @dagger/source worker.ts <file> <log> <durability>`.
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { DaggerError } from '@dagger/core';
import { sqlite, type Durability } from '../src/index.ts';
import { openWorker } from './work.ts';

const [place = '', log = '', durability = 'normal'] = process.argv.slice(2);
let ended = (): void => {};
const actionEnded = new Promise<void>((resolve) => (ended = resolve));
const executor = await openWorker({
  storage: sqlite(place, { durability: durability as Durability }),
  note: (line) => appendFileSync(log, `${line} of the worker\n`),
  // Does not listen to its signal, like much of the code in the world.
  hold: async () => {
    process.stdout.write('holding\n');
    await once(process.stdin, 'data');
    setImmediate(ended);
  },
});
const run = await executor.start('g', { runId: 'r' });
const outcome = await run.done.then(
  ({ status }) => status,
  (error: unknown) => (error instanceof DaggerError ? error.code : String(error)),
);
await actionEnded;
process.stdout.write(`${outcome}\n`);
await executor.close();
process.exit(0);
