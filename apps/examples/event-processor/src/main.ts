import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { byRule, Desk } from './desk.ts';
import { feed } from './feed.ts';
import { Gazetteer, readAirports } from './gazetteer.ts';
import { readLog } from './log/read-log.ts';
import { openProcessor } from './open-processor.ts';
import { draw } from './report/draw.ts';
import { printReport } from './report/print-report.ts';
import { reportOf } from './report/report.ts';
import { askPerson, watch } from './terminal.ts';

const home = join(process.env['INIT_CWD'] ?? process.cwd(), '.dagger', 'event-processor');
const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: home },
    records: { type: 'string' },
    'per-second': { type: 'string', default: '20' },
    ask: { type: 'boolean', default: false },
  },
});
const { folder, records, ask } = values;
await mkdir(folder, { recursive: true });

const log = (await readLog()).slice(0, records === undefined ? undefined : Number(records));
const gazetteer = new Gazetteer(await readAirports());
const processor = await openProcessor({
  storage: `sqlite:${join(folder, 'channels.db')}`,
  gazetteer,
  perSecond: Number(values['per-second']),
});
const { bus, transport } = processor;
watch(bus);
const desk = new Desk(processor, ask ? askPerson : byRule);

const stopped = once(process, 'SIGINT').then(() => false);
console.log(`${log.length} records of the USGS, of a week; process ${process.pid}`);
const work = async (): Promise<boolean> => {
  const there = await feed(processor, log, (count) => console.log(`stored     ${count} records`));
  if (there > 0) console.log(`${there} records were stored before`);
  await desk.settled();
  return true;
};
const isDone = await Promise.race([work(), stopped]);
if (!isDone) {
  console.log('\nstopped; start it again, and it goes on here');
  await bus.close({ drainSeconds: 0 });
  process.exit(130);
}

const report = await reportOf(transport);
console.log(`\n${printReport(report)}`);
console.log(`\nthe gazetteer was busy ${gazetteer.refusals} times, and asked again`);
for (const file of await draw(processor, folder)) console.log(file);
await bus.close();
