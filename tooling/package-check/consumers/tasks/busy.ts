// An agent that holds up its event loop for longer than a lease, while another process looks for workers that died.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { TaskManager } from '@dagger/tasks';

const STORAGE = 'sqlite:busy.db';
/** A lease has seven seconds. */
const LONGER_THAN_A_LEASE = 8_500;

if (process.argv[2] === 'look') {
  await TaskManager.open({ storage: STORAGE, agents: [{ name: 'other', execute: () => {} }] });
  console.log('looking');
} else {
  const other = spawn(process.execPath, [import.meta.filename, 'look'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(other.stdout, 'data');
    const hold = (): void =>
      void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONGER_THAN_A_LEASE);
    const manager = await TaskManager.open({
      storage: STORAGE,
      agents: [{ name: 'hold', execute: hold }],
      heartbeatThread: process.argv[2] !== 'without-thread',
    });
    const job = await manager.startJob({ tasks: [{ key: 'hold', agent: 'hold' }] });
    const { success } = await job.done;
    const [task] = await job.tasks();
    await manager.close();
    if (other.exitCode !== null) throw new Error('nobody looked');
    if (!success || task?.runs !== 1 || task.crashes !== 0)
      throw new Error(`a worker that lived was taken for dead: ${JSON.stringify(task)}`);
  } finally {
    other.kill('SIGKILL');
  }
}
