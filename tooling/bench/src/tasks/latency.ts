import { setTimeout as sleep } from 'node:timers/promises';
import { Begins } from './begins.ts';
import { exactNow } from './exact-now.ts';
import type { OpenSystem } from './system.ts';
import { systems, type SystemName } from './systems.ts';
import { startWorker } from './worker-process.ts';

const WARM_UP = 10;
/** Until whatever follows a task is over, and the system idle. */
const PAUSE_MS = 10;

/** One process enqueues and works. */
export async function latencyWithin(
  name: SystemName,
  place: string,
  tasks: number,
): Promise<number[]> {
  const begins = new Begins();
  const system = await systems[name]();
  const open = await system.open(place, async () => begins.add(exactNow()));
  try {
    return await oneByOne(open, begins, tasks);
  } finally {
    await open.close();
  }
}

/** One process enqueues, another works. */
export async function latencyBetween(
  name: SystemName,
  place: string,
  tasks: number,
): Promise<number[]> {
  const begins = new Begins();
  const system = await systems[name]();
  const open = await system.open(place);
  try {
    const worker = await startWorker(name, place, { began: (at) => begins.add(at) });
    try {
      return await oneByOne(open, begins, tasks);
    } finally {
      await worker.stop();
    }
  } finally {
    await open.close();
  }
}

async function oneByOne(open: OpenSystem, begins: Begins, tasks: number): Promise<number[]> {
  const found: number[] = [];
  for (let task = 1; task <= WARM_UP + tasks; task += 1) {
    await sleep(PAUSE_MS);
    const sent = exactNow();
    await open.enqueue();
    found.push((await begins.reach(task)) - sent);
  }
  await sleep(PAUSE_MS);
  if (begins.times.length !== found.length)
    throw new Error(`${begins.times.length} calls for ${found.length} tasks`);
  return found.slice(WARM_UP);
}
