// A process that works until its input ends: `node -C @dagger/source worker.ts <storage> <log> <hold | work>`. Of each attempt
// it says on stdout that it began and writes into the log that it began and ended; told to hold, it ends none.
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { TaskManager } from '../../src/index.ts';

const [storage = '', log = '', how = ''] = process.argv.slice(2);
const note = (line: string): void => appendFileSync(log, `${line}\n`);

const manager = await TaskManager.open({
  storage,
  concurrency: 2,
  agents: [
    {
      name: 'touch',
      async execute({ taskId }) {
        note(`begin ${taskId} ${how}`);
        process.stdout.write(`${taskId}\n`);
        if (how === 'hold') await new Promise(() => {});
        note(`end ${taskId} ${how}`);
        return { by: how };
      },
    },
  ],
});
process.stdout.write('ready\n');
process.stdin.resume();
await once(process.stdin, 'end');
await manager.close();
