import { withTempFile } from '../durable/temp-file.ts';
import { countCommits } from '../durable/wal.ts';
import { countRows, databaseBytes, readWritten, type Written } from '../durable/written-rows.ts';
import { runRawLoop } from '../floors/raw-loop.ts';
import type { Plan } from '../shapes.ts';
import { assertAllRan, countedWork } from '../work.ts';
import { openDurable } from './engine.ts';

/** What an untimed run left behind: the raw loop writes it again. */
export interface Traces {
  readonly written: Written;
  readonly commits: number;
  readonly bytes: number;
}

export function traceDagger(graph: Plan): Promise<Traces> {
  return withTempFile(async (file) => {
    const engine = await openDurable(file);
    const work = countedWork();
    const [rowsBefore, bytesBefore] = [countRows(file), databaseBytes(file)];
    const commits = await countCommits(file, async () => void (await engine.run(graph, work)));
    assertAllRan('dagger', work, graph.nodes.length);
    const traces = {
      written: readWritten(file, rowsBefore),
      commits,
      bytes: databaseBytes(file) - bytesBefore,
    };
    await engine.close();
    return traces;
  });
}

export function timeDagger(graph: Plan): Promise<number> {
  return withTempFile(async (file) => {
    const engine = await openDurable(file);
    const work = countedWork();
    const began = performance.now();
    await engine.run(graph, work);
    const took = performance.now() - began;
    assertAllRan('dagger', work, graph.nodes.length);
    await engine.close();
    return took;
  });
}

export function timeRawLoop({ written, commits }: Traces): Promise<number> {
  return withTempFile(async (file) => runRawLoop(file, written, commits));
}
