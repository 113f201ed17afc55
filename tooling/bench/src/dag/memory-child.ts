import { contenderNames, loadContender } from '../contender.ts';
import { collectGarbage } from '../garbage.ts';
import { plan } from '../shapes.ts';
import { assertAllRan, countedWork } from '../work.ts';

/** Run by memory.ts in a process of its own: `memory-child.ts <contender> <nodes>`, one JSON line on stdout. */
const [asked, size] = process.argv.slice(2);
const name = contenderNames.find((candidate) => candidate === asked);
const nodes = Number(size);
if (!name || !(nodes > 0))
  throw new Error(`memory-child.ts <contender> <nodes>, not: ${asked} ${size}`);

const contender = await loadContender(name);
const warmUp = countedWork();
await contender.run(plan('layered', 100), warmUp);

const graph = plan('layered', nodes);
const work = countedWork();
collectGarbage();
const before = process.memoryUsage();
const kept = await contender.run(graph, work);
const peak = process.resourceUsage().maxRSS * 1024;
collectGarbage();
const after = process.memoryUsage();
assertAllRan(name, work, nodes);

const result = {
  keptBytesPerNode: (after.heapUsed - before.heapUsed) / nodes,
  peakBytesPerNode: (peak - before.rss) / nodes,
};
// Naming what is kept after the last collection is what keeps it until then.
if (kept === graph) throw new Error('a contender returned its plan');
process.stdout.write(`${JSON.stringify(result)}\n`);
