import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../measure.ts';
import type { BusName } from './contender.ts';
import { isSkipped, type Memory, type Skipped } from './report.ts';
import { messagesInMemory } from './sizes.ts';

const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url));
const run = promisify(execFile);

/** The heap with a backlog in it; in processes of its own, since a heap remembers its neighbours. */
export const measureMemory = async (name: BusName, quick: boolean): Promise<Memory | Skipped> => {
  const samples: Memory[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const sample = await inChild(name, messagesInMemory(quick));
    if (isSkipped(sample)) return sample;
    samples.push(sample);
  }
  return {
    messages: messagesInMemory(quick),
    openBytes: median(samples.map(({ openBytes }) => openBytes)),
    bytesPerMessage: median(samples.map(({ bytesPerMessage }) => bytesPerMessage)),
  };
};

const inChild = async (name: BusName, messages: number): Promise<Memory | Skipped> => {
  const { stdout } = await run(process.execPath, [
    '-C',
    '@dagger/source',
    child,
    name,
    String(messages),
  ]);
  return JSON.parse(stdout) as Memory | Skipped;
};
