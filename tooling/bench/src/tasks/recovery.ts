import { Begins } from './begins.ts';
import { exactNow } from './exact-now.ts';
import { systems, type SystemName } from './systems.ts';
import { startWorker } from './worker-process.ts';

/** That a worker holds when it is killed. */
const TASKS = 20;

/** Milliseconds from the SIGKILL of the worker that holds the tasks until all run again in a second one, which stood by. */
export async function measureRecovery(name: SystemName, place: string): Promise<number> {
  const system = await systems[name]();
  const sender = await system.open(place);
  const [held, again] = [new Begins(), new Begins()];
  const first = await startWorker(name, place, { hold: true, began: (at) => held.add(at) });
  try {
    for (let task = 0; task < TASKS; task += 1) await sender.enqueue();
    await held.reach(TASKS);
    const second = await startWorker(name, place, { began: (at) => again.add(at) });
    try {
      const killedAt = exactNow();
      await first.kill();
      const last = await again.reach(TASKS);
      if (again.times[0]! < killedAt) throw new Error('a task ran in two workers at once');
      return last - killedAt;
    } finally {
      await second.stop();
    }
  } finally {
    await first.kill();
    await sender.close();
  }
}
