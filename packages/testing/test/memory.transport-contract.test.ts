import { MemoryTransport } from '@dagger/pubsub';
import { transportContract } from '../src/transport-contract/index.ts';

const forgets = { cannot: 'what is in memory ends with the process' };

transportContract({
  name: 'memory',
  abilities: {
    persistent: forgets,
    replay: { cannot: 'nothing is kept for those who come later' },
    shared: { cannot: 'each transport has its own channels' },
    holds: { cannot: 'the bus keeps what waits for people' },
    trace: { cannot: 'the bus keeps what became of attempts' },
    dedupe: { cannot: 'ids are not remembered' },
  },
  place: () =>
    Promise.resolve({
      open: () => Promise.resolve(new MemoryTransport()),
      remove: () => Promise.resolve(),
    }),
});
