import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ContenderName } from '../contender.ts';
import { median } from '../measure.ts';
import type { SuiteOptions } from '../suite.ts';
import type { MemoryCell } from './report.ts';
import { memoryNodes } from './sizes.ts';

const measuredContenders: readonly ContenderName[] = ['object floor', 'dagger', 'p-graph'];
const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url));
const run = promisify(execFile);

interface Usage {
  readonly keptBytesPerNode: number;
  readonly peakBytesPerNode: number;
}

/** Each in processes of its own, since a heap remembers its neighbours. */
export async function measureMemory(
  unable: (name: ContenderName) => string | undefined,
  { quick, progress }: SuiteOptions,
): Promise<MemoryCell[]> {
  const nodes = quick ? 10_000 : memoryNodes;
  const cells: MemoryCell[] = [];
  for (const contender of measuredContenders) {
    const reason = unable(contender);
    if (reason !== undefined) {
      cells.push({ contender, nodes, result: { skipped: reason } });
      continue;
    }
    progress(`memory: ${contender}, ${nodes.toLocaleString('en-US')} nodes`);
    const samples: Usage[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round += 1)
      samples.push(await inChild(contender, nodes));
    cells.push({
      contender,
      nodes,
      result: {
        keptBytesPerNode: median(samples.map(({ keptBytesPerNode }) => keptBytesPerNode)),
        peakBytesPerNode: median(samples.map(({ peakBytesPerNode }) => peakBytesPerNode)),
      },
    });
  }
  return cells;
}

async function inChild(contender: ContenderName, nodes: number): Promise<Usage> {
  const args = ['--expose-gc', '-C', '@dagger/source', child, contender, String(nodes)];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as Usage;
}
