import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ShapeName } from '../shapes.ts';

const run = promisify(execFile);
const killedChild = fileURLToPath(new URL('./killed-child.ts', import.meta.url));
const measuredChild = fileURLToPath(new URL('./measured-child.ts', import.meta.url));

/** What one process measured of an interrupted run. */
export interface Found {
  /** Every row of the journal read and parsed: the floor. Median. */
  readonly rawMs: number;
  /** The same with the definition of the graph, which a resumption needs as well. */
  readonly allRowsMs: number;
  /** The first resumption of the process. */
  readonly firstMs: number;
  /** Resumptions after the first, by new executors. Median. */
  readonly laterMs: number;
  /** Of the journal. */
  readonly rows: number;
  readonly characters: number;
}

/** Starts a run in a process that is killed shortly before its end. */
export async function interrupt(
  { url, runId }: { readonly url: string; readonly runId: string },
  { shape, nodes }: { readonly shape: ShapeName; readonly nodes: number },
  snapshot: boolean,
): Promise<void> {
  const mode = snapshot ? 'snapshot' : 'plain';
  try {
    await node(killedChild, url, runId, shape, String(nodes), mode);
  } catch (error) {
    if (error instanceof Error && 'signal' in error && error.signal === 'SIGKILL') return;
    throw error;
  }
  throw new Error(`the process of '${runId}' was not killed`);
}

/** Measures a run in a new process. @param passes how often, after the first time */
export async function measureRun(url: string, runId: string, passes: number): Promise<Found> {
  return JSON.parse(await node(measuredChild, url, runId, String(passes))) as Found;
}

async function node(file: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['-C', '@dagger/source', file, ...args]);
  return stdout;
}
