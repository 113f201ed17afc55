import { existsSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * Counts the commits of whatever runs inside `use` from SQLite's own log: in a WAL file the last frame of each commit carries the
 * size of the database. A reader that stays open keeps the log from being started anew meanwhile, so nothing is lost to a
 * checkpoint. https://www.sqlite.org/fileformat2.html#walformat
 */
export async function countCommits(file: string, use: () => Promise<void>): Promise<number> {
  const reader = new Database(file);
  try {
    reader.exec('begin');
    reader.prepare('select count(*) from sqlite_master').get();
    const before = readLog(file);
    await use();
    const after = readLog(file);
    return after.salt === before.salt ? after.commits - before.commits : after.commits;
  } finally {
    reader.close();
  }
}

interface Log {
  readonly salt: string;
  readonly commits: number;
}

function readLog(file: string): Log {
  const path = `${file}-wal`;
  const log = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (log.length < HEADER_BYTES) return { salt: '', commits: 0 };
  const pageBytes = log.readUInt32BE(8);
  const salt = log.toString('hex', 16, 24);
  let commits = 0;
  for (
    let frame = HEADER_BYTES;
    frame + FRAME_HEADER_BYTES <= log.length;
    frame += FRAME_HEADER_BYTES + pageBytes
  ) {
    // Frames that an older turn of the log left behind carry its salt.
    if (log.toString('hex', frame + 8, frame + 16) !== salt) break;
    if (log.readUInt32BE(frame + 4) > 0) commits += 1;
  }
  return { salt, commits };
}
