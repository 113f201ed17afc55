import { daggerContenders } from './dagger.ts';
import { groups, type TaskContender } from './contender.ts';
import { postgresFloor } from './floors/postgres.ts';
import { sqliteFloor } from './floors/sqlite.ts';
import { bullmq } from './peers/bullmq.ts';
import { graphileContenders } from './peers/graphile-worker.ts';
import { pgBossContenders } from './peers/pg-boss.ts';

const BATCHES = [100, 10, 1];

const all: readonly TaskContender[] = [
  ...daggerContenders,
  ...(['normal', 'full'] as const).flatMap((synchronous) =>
    BATCHES.map((batch) => sqliteFloor(synchronous, batch)),
  ),
  ...BATCHES.map(postgresFloor),
  ...pgBossContenders,
  ...graphileContenders,
  bullmq,
];

/** In the order of the rows: group by group, dagger first. */
export const taskContenders: readonly TaskContender[] = groups.flatMap((group) =>
  all.filter((contender) => contender.group === group),
);
