import { definePubSubAgent, PubSubExecutor } from '@dagger/pubsub';

const double = definePubSubAgent<{ n: number }, { n: number }>({
  name: 'double',
  subscriptions: ['number'],
  publications: ['doubled'],
  input: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } },
  processMessage: ({ payload }, ctx) => ctx.publish('doubled', { n: payload.n * 2 }),
});

const bus = await PubSubExecutor.open({ agents: [double] });
const seen: unknown[] = [];
bus.channel('doubled').messages$.subscribe(({ payload }) => seen.push(payload));
const { success, messages } = await bus.execute({ channel: 'number', message: { n: 21 } });
await bus.close();
if (!success || messages !== 2 || JSON.stringify(seen) !== '[{"n":42}]')
  throw new Error(JSON.stringify({ success, messages, seen }));
