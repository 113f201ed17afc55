import { exactNow } from './exact-now.ts';
import { systems, type SystemName } from './systems.ts';

/**
 * Run by worker-process.ts in a process of its own: `worker-child.ts <system> <place> <hold | end>`. It works on the tasks there and
 * sends the time at which each begins. With `hold` no task ends. It stops when the process that started it asks for it or is gone.
 */
const [name, place, mode] = process.argv.slice(2) as [SystemName, string, 'hold' | 'end'];

const system = await systems[name]();
const { close } = await system.open(place, async () => {
  process.send!(exactNow());
  if (mode === 'hold') await new Promise<never>(() => {});
});
process.once('disconnect', () => void close().then(() => process.exit()));
process.send!('ready');
