const { defineTaskAgent, TaskManager } = require('@dagger/tasks');

const greet = defineTaskAgent({ name: 'greet', execute: () => ({ text: 'hello' }) });

async function main() {
  const manager = await TaskManager.open({ storage: 'sqlite::memory:', agents: [greet] });
  const job = await manager.startJob({ tasks: [{ key: 'greet', agent: greet }] });
  const { outputs } = await job.done;
  await manager.close();
  if (outputs.greet.text !== 'hello') throw new Error(JSON.stringify(outputs));
}

main();
