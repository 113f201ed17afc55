import { exactNow } from '../exact-now.ts';

export const FLOOR_LACKS = {
  latency: 'the floor is measured one by one',
  latencyAcross: 'the floors wake nobody',
  recovery: 'the floors end no leases',
} as const;

/** The least from enqueueing a task until it may begin: one commit for each of the two, and nobody to be woken. */
export interface FloorQueue {
  readonly enqueue: (tasks: readonly number[]) => unknown;
  readonly claim: (atMost: number) => readonly number[] | Promise<readonly number[]>;
}

export async function floorLatency(queue: FloorQueue, tasks: number): Promise<number[]> {
  const found: number[] = [];
  for (let task = 0; task < tasks; task += 1) {
    const sent = exactNow();
    await queue.enqueue([task]);
    const [claimed] = await queue.claim(1);
    found.push(exactNow() - sent);
    if (claimed !== task) throw new Error(`the floor claimed ${claimed} instead of ${task}`);
  }
  return found;
}
