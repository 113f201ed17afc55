import { TaskManager, defineTaskAgent } from '../src/index.ts';
import { openStorage } from '@dagger/core';
let n = 0;
const noop = defineTaskAgent({
  name: 'noop',
  execute: async () => {
    n++;
  },
});
const url = process.argv[2]!;
const N = Number(process.argv[3] ?? 10000);
const storage = await openStorage(url);
const m = await TaskManager.open({
  storage,
  agents: [noop],
  logger: (l, x, f) => console.log(l, x, f),
});
for (let round = 0; round < Number(process.argv[4] ?? 4); round++) {
  n = 0;
  let t0 = performance.now();
  const job = await m.startJob({
    tasks: Array.from({ length: N }, (_, i) => ({ agent: 'noop', key: `t${i}`, input: { i } })),
  });
  const t1 = performance.now();
  const r = await job.done;
  const t2 = performance.now();
  console.log(
    'independent',
    N,
    'enqueue ms',
    (t1 - t0) | 0,
    'total ms',
    (t2 - t0) | 0,
    '/s',
    ((N / (t2 - t0)) * 1000) | 0,
    r.success,
    n,
  );
  t0 = performance.now();
  const fan = await m.startJob({
    tasks: [
      { agent: 'noop', key: 'root' },
      ...Array.from({ length: N }, (_, i) => ({ agent: 'noop', key: `t${i}`, needs: ['root'] })),
    ],
  });
  await fan.done;
  console.log('fan', ((N / (performance.now() - t0)) * 1000) | 0);
  t0 = performance.now();
  const chain = await m.startJob({
    tasks: Array.from({ length: 1000 }, (_, i) => ({
      agent: 'noop',
      key: `t${i}`,
      needs: i ? [`t${i - 1}`] : [],
    })),
  });
  await chain.done;
  console.log('chain', ((1000 / (performance.now() - t0)) * 1000) | 0);
}
await m.close();
await storage.close();
