const { PubSubExecutor } = require('@dagger/pubsub');

async function main() {
  const seen = [];
  const agents = [
    { name: 'a', subscriptions: ['in'], processMessage: ({ payload }) => void seen.push(payload) },
  ];
  const bus = await PubSubExecutor.open({ agents });
  await bus.publish('in', 'hello');
  await bus.close();
  if (seen.join() !== 'hello') throw new Error(JSON.stringify(seen));
}

main();
