import type { JsonValue } from '@dagger/core';
import { defineTaskAgent, type TaskContext } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { gate } from '../storage-contract/signals.ts';
import { ok } from './agents.ts';
import { everyPair } from './pairs.ts';
import type { Suite } from './world.ts';

export const sharedState = (suite: Suite): void => {
  it('what is set, added, appended and deleted is there when the attempt has succeeded, and seen by itself before', async () => {
    const world = await suite.world();
    const own: (JsonValue | undefined)[] = [];
    const end = gate();
    const writing = defineTaskAgent({
      name: 'writing',
      async execute({ state }) {
        state.set('text', 'new');
        state.set('gone', 1);
        state.delete('gone');
        state.delete('old');
        state.append('list', 2);
        state.append('list', { n: [3] });
        state.append('fresh list', null);
        state.add('sum', 2.5);
        state.add('sum', -1);
        state.add('fresh sum', 1);
        for (const key of ['text', 'gone', 'old', 'list', 'sum', 'fresh sum', 'other'])
          own.push(await state.get(key));
        await end.passed;
      },
    });
    const manager = await world.manager({ agents: [writing] });
    const job = await manager.startJob({
      state: { text: 'old', old: true, list: [1], sum: 10, other: { kept: 'é' } },
      tasks: [{ agent: writing }],
    });
    await world.quiet();
    expect(own).toEqual(['new', undefined, undefined, [1, 2, { n: [3] }], 11.5, 1, { kept: 'é' }]);
    expect([await job.state('text'), await job.state('list')]).toEqual(['old', [1]]);
    end.open();
    expect(await world.until(job.done)).toMatchObject({ success: true });
    const keys = ['text', 'gone', 'old', 'list', 'fresh list', 'sum', 'fresh sum', 'other'];
    expect(await Promise.all(keys.map((key) => job.state(key)))).toEqual([
      'new',
      undefined,
      undefined,
      [1, 2, { n: [3] }],
      [null],
      11.5,
      1,
      { kept: 'é' },
    ]);
  });

  it('what an attempt wrote is dropped when it fails, and kept when it waits', async () => {
    const world = await suite.world();
    const writing = defineTaskAgent({
      name: 'writing',
      async execute(ctx) {
        ctx.state.append('runs', ctx.run);
        if (ctx.run === 1) throw new Error('dropped');
        if (ctx.run === 2) await ctx.require({ agent: ok });
      },
    });
    const manager = await world.manager({ agents: [writing, ok] });
    const job = await manager.startJob({ tasks: [{ agent: writing }] });
    await world.until(job.done);
    expect(await job.state('runs')).toEqual([2, 3]);
  });

  everyPair(
    suite,
    'nothing is lost of what many append and add at the same time',
    async (world, [a, b]) => {
      const all = gate();
      const writing = defineTaskAgent({
        name: 'writing',
        async execute({ state, input }: TaskContext) {
          await all.passed;
          state.append('list', input['n'] as number);
          state.add('sum', 1);
        },
      });
      const manager = await world.manager({
        storage: a,
        agents: [writing],
        concurrency: 20,
        maxPrefetch: 0,
      });
      await world.manager({ storage: b, agents: [writing], concurrency: 20, maxPrefetch: 0 });
      const numbers = Array.from({ length: 40 }, (_, n) => n);
      const job = await manager.startJob({
        tasks: numbers.map((n) => ({ agent: writing, input: { n } })),
      });
      await world.pass(1_500);
      expect(await job.tasks({ state: 'in_progress' })).toHaveLength(40);
      all.open();
      await world.until(job.done);
      const list = (await job.state('list')) as number[];
      expect(list.toSorted((x, y) => x - y)).toEqual(numbers);
      expect(await job.state('sum')).toBe(40);
    },
  );

  it('what does not fit the value that is there fails the attempt, and leaves nothing of it', async () => {
    const world = await suite.world();
    const writing = defineTaskAgent({
      name: 'writing',
      retry: { attempts: 1 },
      execute({ state, input }) {
        state.set('other', 'written');
        if (input['what'] === 'append') state.append('text', 1);
        else state.add('text', 1);
      },
    });
    const manager = await world.manager({ agents: [writing] });
    const job = await manager.startJob({
      state: { text: 'a text' },
      tasks: ['append', 'add'].map((what) => ({ agent: writing, input: { what } })),
    });
    expect(await world.until(job.done)).toMatchObject({
      error: { code: 'TASK_INVALID' },
      counts: { failed: 2 },
    });
    expect([await job.state('text'), await job.state('other')]).toEqual(['a text', undefined]);
  });

  it('keys and values may be whatever JSON has, and what is none is refused', async () => {
    const world = await suite.world();
    const values: { readonly [key: string]: JsonValue } = {
      constructor: 'c',
      ['__proto__']: [1],
      toString: null,
      'a/b %2F 👋': { nul: '\u0000', lone: '\ud800', deep: [[[{}]]] },
      ' ': '',
    };
    const refused: unknown[] = [];
    const writing = defineTaskAgent({
      name: 'writing',
      execute({ state }) {
        for (const key of Object.getOwnPropertyNames(values))
          state.set(key, values[key] as JsonValue);
        state.set('__proto__', [1]);
        const bad: (() => void)[] = [
          () => state.set('', 1),
          () => state.set('\0', 1),
          () => state.set('x', undefined as never),
          () => state.set('x', (() => {}) as never),
          () => state.append('x', Number.NaN),
          () => state.add('x', 'one' as never),
          () => state.add('x', Number.POSITIVE_INFINITY),
          () => state.set(7 as never, 1),
        ];
        for (const write of bad)
          try {
            write();
            refused.push('went through');
          } catch (error) {
            refused.push((error as { readonly code?: unknown }).code);
          }
      },
    });
    const manager = await world.manager({ agents: [writing] });
    const job = await manager.startJob({ tasks: [{ agent: writing }] });
    expect(await world.until(job.done)).toMatchObject({ error: null, success: true });
    for (const key of [...Object.getOwnPropertyNames(values), '__proto__'])
      expect(await job.state(key)).toEqual(key === '__proto__' ? [1] : values[key]);
    expect(await job.state('x')).toBeUndefined();
    expect(refused).toEqual([
      'TASK_INVALID',
      'TASK_INVALID',
      'NOT_JSON',
      'NOT_JSON',
      'NOT_JSON',
      'TASK_INVALID',
      'NOT_JSON',
      'TASK_INVALID',
    ]);
  });
};
