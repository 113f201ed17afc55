import { FlowProducer, Queue, Worker, type FlowJob } from 'bullmq';
import { REDIS } from '../../servers.ts';
import { withCalls } from '../calls.ts';
import type { Shape, TaskContender } from '../contender.ts';
import { freshName } from '../places.ts';

const { hostname: host, port } = new URL(REDIS);
const connection = { host, port: Number(port) || 6379 };

type Enqueue = (name: string, queue: Queue, size: number) => Promise<void>;

const enqueueBulk: Enqueue = async (_name, queue, size) => {
  await queue.addBulk(Array.from({ length: size }, (_, task) => ({ name: 't', data: { task } })));
};

/** A parent waits for its children: the last task of the chain is the outermost. */
const enqueueChain: Enqueue = async (queueName, _queue, size) => {
  const flow = new FlowProducer({ connection });
  let last: FlowJob = { name: 't', queueName, data: { task: 0 } };
  for (let task = 1; task < size; task += 1)
    last = { name: 't', queueName, data: { task }, children: [last] };
  await flow.add(last);
  await flow.close();
};

function run(shape: Shape, size: number, enqueue: Enqueue): Promise<number> {
  return withCalls('bullmq', shape, size, async (calls) => {
    const name = freshName();
    const queue = new Queue(name, { connection });
    const worker = new Worker<{ task: number }>(name, async ({ data }) => calls.call(data.task), {
      connection,
      concurrency: 24,
    });
    try {
      await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
      const completed = allCompleted(worker, size);
      const began = performance.now();
      await enqueue(name, queue, size);
      await Promise.all([calls.all, completed]);
      return performance.now() - began;
    } finally {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    }
  });
}

function allCompleted(worker: Worker, size: number): Promise<void> {
  let completed = 0;
  return new Promise((resolve, reject) => {
    worker.on('completed', () => {
      completed += 1;
      if (completed === size) resolve();
    });
    worker.on('failed', (_job, error) => reject(error));
    worker.on('error', reject);
  });
}

export const bullmq: TaskContender = {
  name: 'bullmq',
  role: 'peer',
  group: 'redis',
  independent: (size) => run('independent', size, enqueueBulk),
  chain: (size) => run('chain', size, enqueueChain),
  lacks: {
    fanOut: 'bullmq: in its trees one task waits for many, never many for one',
    latency: 'measured on SQLite and PostgreSQL only',
    recovery: 'bullmq: the tasks of a dead worker run again after 30 to 60 seconds by default',
  },
};
