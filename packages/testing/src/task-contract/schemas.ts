import type { JsonObject, Schema } from '@dagger/core';
import { defineTaskAgent, type TaskAgent } from '@dagger/tasks';
import { describe, expect, it } from 'vitest';
import { ok } from './agents.ts';
import { saying } from './saying.ts';
import type { Suite } from './world.ts';

interface Count {
  readonly n: number;
}

const json: Schema<Count> = {
  type: 'object',
  properties: { n: { type: 'integer', minimum: 0 } },
  required: ['n'],
  additionalProperties: false,
};

const isCount = (value: unknown): value is Count => {
  if (typeof value !== 'object' || value === null) return false;
  const { n, ...rest } = value as { readonly n?: unknown };
  return typeof n === 'number' && Number.isInteger(n) && n >= 0 && Object.keys(rest).length === 0;
};

/** As zod, valibot and their like make them; this one takes its time. */
const standard: Schema<Count> = {
  '~standard': {
    version: 1,
    vendor: 'contract',
    validate: async (value) =>
      Promise.resolve(
        isCount(value) ? { value } : { issues: [{ message: 'not a count', path: ['n'] }] },
      ),
  },
};

const SCHEMAS: readonly (readonly [string, Schema<Count>])[] = [
  ['JSON Schema', json],
  ['a Standard Schema', standard],
];

/** Gives back what it is told to, and counts its runs. */
const giving = (
  schemas: Pick<TaskAgent<Count>, 'input'> & { readonly output?: Schema<Count> },
  give: () => unknown = () => ({ n: 1 }),
): { readonly agent: TaskAgent; readonly runs: () => number } => {
  let n = 0;
  const agent = {
    name: 'giving',
    retry: { attempts: 1 },
    ...schemas,
    execute: () => {
      n++;
      return give();
    },
  };
  return { agent: agent as unknown as TaskAgent, runs: () => n };
};

export const schemas = (suite: Suite): void => {
  describe.each(SCHEMAS)('%s', (_, schema) => {
    it('of the input is checked when a task is added, wherever that is', async () => {
      const world = await suite.world();
      const { agent } = giving({ input: schema });
      const refused: unknown[] = [];
      const parent = defineTaskAgent({
        name: 'parent',
        async execute(ctx) {
          const spec = { agent: 'giving', input: { n: 1.5 } };
          await ctx.spawn(spec).catch((error: unknown) => refused.push(error));
          await ctx.require(spec).catch((error: unknown) => refused.push(error));
        },
      });
      const manager = await world.manager({ agents: [agent, parent] });
      const INVALID = { code: 'INPUT_INVALID', message: saying("the input of agent 'giving'") };
      for (const input of [{ n: -1 }, { n: '1' }, {}, { n: 1, m: 2 }] as JsonObject[]) {
        const tasks = [
          { agent, input: { n: 1 } },
          { agent, input },
        ];
        await expect(manager.startJob({ id: 'bad', tasks })).rejects.toMatchObject(INVALID);
      }
      await expect(manager.startJob({ id: 'bad', tasks: [{ agent }] })).rejects.toMatchObject(
        INVALID,
      );
      expect(await manager.jobs()).toEqual([]);
      const job = await manager.startJob({ tasks: [{ agent: parent }] });
      await expect(job.add({ agent, input: { n: -1 } })).rejects.toMatchObject(INVALID);
      await world.until(job.done);
      expect(refused).toMatchObject([INVALID, INVALID]);
      expect((await job.view()).counts.total).toBe(1);
    });

    it('of the input is checked again when the task runs, and that is no matter of trying again', async () => {
      const world = await suite.world();
      const { agent, runs } = giving({ input: schema });
      const careless = await world.manager({ remoteAgents: ['giving'] });
      const job = await careless.startJob({
        tasks: [
          { key: 'bad', agent: 'giving', input: { n: 'one' }, maxRetries: 5 },
          { key: 'good', agent: 'giving', input: { n: 1 } },
        ],
      });
      await world.manager({ agents: [agent] });
      expect(await world.until(job.done)).toMatchObject({
        error: { code: 'INPUT_INVALID' },
        outputs: { good: { n: 1 } },
      });
      expect(runs()).toBe(1);
      expect((await job.tasks())[0]).toMatchObject({ failures: 1 });
    });

    it('of the input is checked when a task is done again with another', async () => {
      const world = await suite.world();
      const { agent } = giving({ input: schema });
      const manager = await world.manager({ agents: [agent], work: false });
      await manager.startJob({ id: 'j', tasks: [{ key: 't', agent, input: { n: 1 } }] });
      await manager.cancelTask('j/t');
      await expect(manager.retryTask('j/t', { input: { n: 'x' } })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      expect(await manager.getTask('j/t')).toMatchObject({ state: 'cancelled' });
      await manager.retryTask('j/t', { input: { n: 2 } });
      expect(await manager.getTask('j/t')).toMatchObject({ state: 'ready', input: { n: 2 } });
    });

    it('of the output is checked when the task completes', async () => {
      const world = await suite.world();
      for (const output of [{ n: -1 }, {}, undefined, null, 'text']) {
        const { agent } = giving({ output: schema }, () => output);
        const manager = await world.manager({ agents: [agent] });
        const job = await manager.startJob({ tasks: [{ agent }] });
        expect(await world.until(job.done)).toMatchObject({
          error: { code: 'OUTPUT_INVALID' },
          outputs: {},
        });
        await world.until(manager.close());
      }
    });

    it('of the output is checked when it is handed over, where the promise has changed', async () => {
      const world = await suite.world();
      const old = giving({}, () => ({ n: 'as it was' }));
      const before = await world.manager({ agents: [old.agent] });
      const first = await before.startJob({
        id: 'j',
        open: true,
        tasks: [{ key: 'old', agent: old.agent }],
      });
      await world.quiet();
      await world.until(before.close());
      const { agent } = giving({ output: schema });
      const reading = defineTaskAgent({
        name: 'reading',
        execute: (ctx) => ctx.dependencies().then(() => {}),
      });
      const manager = await world.manager({ agents: [agent, reading, ok] });
      await manager.addTask('j', { key: 'reads', agent: reading, needs: ['j/old'], maxRetries: 0 });
      await manager.sealJob('j');
      const job = await manager.openJob(first.id);
      expect(await world.until(job.done)).toMatchObject({
        error: { code: 'OUTPUT_INVALID', message: saying("the output of 'j/old'") },
      });
    });
  });

  it('what a schema makes of the input is what the agent sees', async () => {
    const world = await suite.world();
    const trimming: Schema<{ readonly text: string }> = {
      '~standard': {
        version: 1,
        vendor: 'contract',
        validate: (value) => ({
          value: { text: (value as { readonly text: string }).text.trim() },
        }),
      },
    };
    const agent = defineTaskAgent<{ readonly text: string }>({
      name: 'trimmed',
      input: trimming,
      execute: ({ input }) => ({ text: input.text }),
    });
    const manager = await world.manager({ agents: [agent] });
    const job = await manager.startJob({ tasks: [{ key: 't', agent, input: { text: '  x ' } }] });
    expect(await world.until(job.done)).toMatchObject({ outputs: { t: { text: 'x' } } });
  });
};
