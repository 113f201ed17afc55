import type { JsonObject } from '@dagger/core';
import { Desk, type Decide } from '../src/desk.ts';
import { feed } from '../src/feed.ts';
import { Gazetteer, readAirports } from '../src/gazetteer.ts';
import { openProcessor, type Processor } from '../src/open-processor.ts';
import { reportOf, type Report } from '../src/report/report.ts';

const airports = await readAirports();

export const openForTest = (storage: string): Promise<Processor> =>
  openProcessor({ storage, gazetteer: new Gazetteer(airports), perSecond: 10_000 });

/** The report of a log, by one process. */
export const processLog = async (
  storage: string,
  log: readonly JsonObject[],
  decide?: Decide,
): Promise<Report> => {
  await using processor = await openForTest(storage);
  const desk = new Desk(processor, decide);
  await feed(processor, log);
  await desk.settled();
  return await reportOf(processor.transport);
};
