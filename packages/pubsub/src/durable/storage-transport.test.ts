import { hostname } from 'node:os';
import { openStorage, systemClock } from '@dagger/core';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { definePubSubAgent } from '../agent/agent.ts';
import { PubSubExecutor } from '../executor/pubsub-executor.ts';
import type { Delivery, StartFrom } from '../transport/transport.ts';
import {
  acknowledge,
  ahead,
  codeOf,
  databases,
  ids,
  listen,
  message,
  numbered,
  payloads,
  placeForEach,
  stoppedTimers,
  until,
} from './storage.fixture.ts';

/** A number that no process has. */
const NO_PROCESS = 4_194_305;

describe.each(databases)('channels in $name', (database) => {
  const place = placeForEach(database);
  const { open } = place;

  it('are delivered in the order of publishing, with everything the messages had', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a.*', { onDelivery: acknowledge });
    const rich = message('a.b', {
      source: 'agent',
      payload: { text: 'a\u0000b ä 💥', list: [1, null, true] },
      headers: { one: 'two' },
      causationId: 'cause',
      correlationId: 'tree',
      hops: 3,
      key: 'k\u0000',
      traceparent: '00-1-2-03',
    });
    const many = numbered('a.c', 500);
    await bus.publish([rich, message('other')]);
    await Promise.all(many.map((each) => bus.publish([each])));
    const got = await receiver.received(501);
    expect(got.map((each) => each.message.id)).toEqual([rich.id, ...ids(many)]);
    expect(got[0]?.attempt).toBe(1);
    await until(async () => (await bus.pending()) === 0);
    const [stored] = await bus.messages({ correlationId: 'tree' });
    expect(stored?.message).toEqual(rich);
  });

  it('go to each group, but not to one that does not want them from their source', async () => {
    const bus = await open();
    const one = await listen(bus, 'a', { group: 'one', exceptFrom: new Set(['me']) });
    const two = await listen(bus, '>', { group: 'two' });
    await bus.publish([message('a', { source: 'me', payload: 1 }), message('a', { payload: 2 })]);
    expect(payloads(await two.received(2))).toEqual([1, 2]);
    expect(payloads(await one.received(1))).toEqual([2]);
    expect(await bus.pending()).toBe(3);
  });

  it('take an acknowledgement with its outputs as one', async () => {
    const bus = await open();
    const first = await listen(bus, 'in', { group: 'first' });
    const second = await listen(bus, 'out', { group: 'second', onDelivery: acknowledge });
    await bus.publish([message('in')]);
    const [delivery] = await first.received(1);
    const output = message('out', { payload: 'result' });
    await delivery?.ack([output]);
    await delivery?.ack([message('out', { payload: 'again' })]);
    expect(payloads(await second.received(1))).toEqual(['result']);
    await until(async () => (await bus.pending()) === 0);
    expect((await bus.messages({ channel: 'out' })).map((each) => each.message.id)).toEqual([
      output.id,
    ]);
  });

  it('neither end a delivery nor publish its outputs when one of the two fails', async () => {
    const storage = await openStorage(place.url);
    const bus = await open({ storage });
    const receiver = await listen(bus, 'in');
    await bus.publish([message('in')]);
    const [delivery] = await receiver.received(1);
    const bad = message('out', { payload: null, time: null as never });
    const good = bus.publish([message('fine')]);
    await expect(delivery?.ack([message('out'), bad])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
    await good;
    expect(await bus.messages({ channel: 'out' })).toEqual([]);
    expect(await bus.messages({ channel: 'fine' })).toHaveLength(1);
    expect(await bus.pending()).toBe(1);
    await delivery?.ack([]);
    expect(await bus.pending()).toBe(0);
    await bus.close();
    await storage.close();
  });

  it('deliver again what is given back: at once, or after a while', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a');
    await bus.publish([message('a')]);
    const [first] = await receiver.received(1);
    await first?.nack(0);
    const [, second] = await receiver.received(2);
    expect(second?.attempt).toBe(2);
    const at = systemClock.now();
    await second?.nack(150);
    const [, , third] = await receiver.received(3);
    expect(systemClock.now() - at).toBeGreaterThanOrEqual(149);
    expect(third?.attempt).toBe(3);
    await third?.ack([]);
    expect(await bus.pending()).toBe(0);
  });

  it('are shared by the members of a group in two processes, each message for one', async () => {
    const [one, two] = [await open(), await open()];
    const seen: string[] = [];
    const onDelivery = (delivery: Delivery): void => {
      seen.push(delivery.message.id);
      void systemClock.after(1, () => void delivery.ack([]));
    };
    const a = await listen(one, 'a', { maxInFlight: 5, onDelivery });
    const b = await listen(two, 'a', { maxInFlight: 5, onDelivery });
    const all = numbered('a', 400);
    for (let i = 0; i < all.length; i += 20)
      await (i % 40 === 0 ? one : two).publish(all.slice(i, i + 20));
    await until(async () => (await one.pending()) === 0);
    expect(seen.toSorted()).toEqual(ids(all).toSorted());
    expect(a.got.length).toBeGreaterThan(0);
    expect(b.got.length).toBeGreaterThan(0);
  });

  it('do not pass over a group that another process has just made', async () => {
    const [one, two] = [await open(), await open()];
    await one.publish([message('a')]);
    const receiver = await listen(two, 'a');
    await one.publish([message('a', { payload: 'seen' })]);
    expect(payloads(await receiver.received(1))).toEqual(['seen']);
  });

  it('are read by a new group from the start, an offset or a time; a known one goes on', async () => {
    const bus = await open();
    const old = numbered('a', 2_500).map((each, i) => ({ ...each, time: 1_000 + i }));
    await bus.publish(old);
    const [, , third] = await bus.messages({ limit: 3 });
    const read = async (group: string, from: StartFrom, count: number): Promise<unknown[]> => {
      const receiver = await listen(bus, 'a', { group, from, onDelivery: acknowledge });
      await receiver.received(count);
      await receiver.subscription?.stop();
      return payloads(receiver.got);
    };
    const all = old.map(({ payload }) => payload);
    expect(await read('all', 'start', 2_500)).toEqual(all);
    expect(await read('offset', { offset: third?.offset ?? 0 }, 2_498)).toEqual(all.slice(2));
    expect(await read('time', { time: 3_000 }, 500)).toEqual(all.slice(2_000));
    await bus.publish([message('a', { payload: 'more' })]);
    expect(await read('all', 'start', 1)).toEqual(['more']);
    expect(await read('time', 'start', 1)).toEqual(['more']);
  });

  it('deliver to a new group in order what is published while it catches up', async () => {
    const bus = await open();
    await bus.publish(numbered('a', 3_000));
    const receiver = await listen(bus, 'a', { from: 'start', onDelivery: acknowledge });
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => bus.publish([message('a', { payload: 3_000 + i })])),
    );
    expect(payloads(await receiver.received(3_100))).toEqual(
      Array.from({ length: 3_100 }, (_, i) => i),
    );
  });

  it('deliver again to a group that is set back', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a', { onDelivery: acknowledge });
    await bus.publish(numbered('a', 5));
    await receiver.received(5);
    await until(async () => (await bus.pending()) === 0);
    await bus.replay('group', 'start');
    await bus.publish([message('a', { payload: 5 })]);
    expect(payloads(await receiver.received(11))).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]);
    await expect(bus.replay('nobody', 'start')).rejects.toMatchObject({ code: 'GROUP_UNKNOWN' });
  });

  it('give what a transport had that is gone to another one, and refuse its acknowledgements', async () => {
    const hung = await open({ clock: stoppedTimers });
    const lost = await listen(hung, 'a');
    await hung.publish(numbered('a', 3));
    const [first] = await lost.received(3);
    const heir = await open({ clock: ahead(8_000) });
    const receiver = await listen(heir, 'a');
    const got = await receiver.received(3);
    expect(payloads(got)).toEqual([0, 1, 2]);
    expect(got[0]?.attempt).toBe(2);
    await expect(first?.ack([message('out')])).rejects.toMatchObject({ code: 'DELIVERY_LOST' });
    expect(await heir.messages({ channel: 'out' })).toEqual([]);
    await got[0]?.ack([message('out')]);
    expect(await heir.messages({ channel: 'out' })).toHaveLength(1);
    // It goes on as another one.
    await until(async () => {
      await hung.publish([message('a', { payload: 'new' })]);
      return lost.got.length > 3;
    });
  });

  it('add nothing for an id that is there', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a');
    const once = message('a');
    await Promise.all([bus.publish([once]), bus.publish([once, message('a', { payload: 1 })])]);
    await bus.publish([once]);
    expect(payloads(await receiver.received(2))).toEqual([null, 1]);
    expect(await bus.pending()).toBe(2);
  });

  it('let whoever publishes wait until there is room, in order', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a', { capacity: 2, maxInFlight: 1 });
    let done = 0;
    const sent = numbered('a', 4).map((each) => bus.publish([each]).then(() => done++));
    await Promise.all(sent.slice(0, 2));
    await new Promise((resolve) => void systemClock.after(150, () => resolve(0)));
    expect(done).toBe(2);
    for (let i = 0; i < 4; i++) await (await receiver.received(i + 1))[i]?.ack([]);
    await Promise.all(sent);
    expect(payloads(receiver.got)).toEqual([0, 1, 2, 3]);
  });

  it('see the room that another process makes, and end the waiting when it is given up', async () => {
    const [one, two] = [await open(), await open()];
    const receiver = await listen(two, 'a', { capacity: 1 });
    await one.publish([message('a')]);
    const sent = one.publish([message('a')]);
    const given = new AbortController();
    const up = one.publish([message('a')], given.signal);
    await until(async () => receiver.got.length === 1);
    await new Promise((resolve) => void systemClock.after(50, () => resolve(0)));
    given.abort(new Error('no more'));
    await expect(up).rejects.toThrow('no more');
    await (await receiver.received(1))[0]?.ack([]);
    await sent;
    await receiver.received(2);
    const refused = codeOf(one.publish([message('a')]));
    await new Promise((resolve) => void systemClock.after(50, () => resolve(0)));
    await one.close();
    expect(await refused).toBe('BUS_CLOSED');
  });

  it('refuse what there is no room for, wholly', async () => {
    const bus = await open();
    await listen(bus, 'a', { group: 'small', capacity: 2, overflow: 'error' });
    await listen(bus, '*', { group: 'large' });
    await bus.publish([message('a')]);
    await expect(bus.publish([message('a'), message('a'), message('b')])).rejects.toMatchObject({
      code: 'CHANNEL_FULL',
      recoverable: true,
    });
    await bus.publish([message('a')]);
    expect(await bus.messages()).toHaveLength(2);
    expect(await bus.pending()).toBe(4);
  });

  it('drop the oldest, or the newest, and say so', async () => {
    const bus = await open();
    const options = { maxInFlight: 1, capacity: 3 } as const;
    const oldest = await listen(bus, 'a', { ...options, group: 'old', overflow: 'dropOldest' });
    const newest = await listen(bus, 'a', { ...options, group: 'new', overflow: 'dropNewest' });
    for (const each of numbered('a', 3)) await bus.publish([each]);
    await Promise.all([oldest.received(1), newest.received(1)]);
    await bus.publish(numbered('a', 5).slice(3));
    expect(oldest.dropped.map(({ payload }) => payload)).toEqual([1, 2]);
    expect(newest.dropped.map(({ payload }) => payload)).toEqual([3, 4]);
    for (let i = 0; i < 3; i++) {
      await (await oldest.received(i + 1))[i]?.ack([]);
      await (await newest.received(i + 1))[i]?.ack([]);
    }
    expect(payloads(oldest.got)).toEqual([0, 3, 4]);
    expect(payloads(newest.got)).toEqual([0, 1, 2]);
  });

  it('let outputs wait for room, and make one give way when all do', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a', { capacity: 2 });
    await bus.publish(numbered('a', 2));
    const [one, two] = await receiver.received(2);
    const replaced = one?.ack([message('a', { payload: 'same place' })]);
    await replaced;
    const failed = codeOf(two?.ack([message('a'), message('a')]));
    expect(bus.relieve()).toBe(true);
    expect(await failed).toBe('CHANNEL_DEADLOCK');
    await two?.nack(0);
    expect((await receiver.received(4)).at(-1)?.attempt).toBe(2);
  });

  it('deliver after a restart what was not acknowledged', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a');
    await bus.publish(numbered('a', 3));
    const [first, second] = await receiver.received(3);
    await first?.ack([]);
    await second?.nack(60_000);
    await bus.close();
    await bus.close();
    await expect(bus.publish([message('a')])).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    const again = await open();
    await again.publish([message('a', { payload: 3 })]);
    const next = await listen(again, 'a');
    expect(payloads(await next.received(2))).toEqual([2, 3]);
    expect(next.got[0]?.attempt).toBe(2);
    expect(await again.pending()).toBe(3);
  });

  it('deliver nothing more to a subscription that was stopped, and take its acknowledgements', async () => {
    const bus = await open();
    const one = await listen(bus, 'a');
    await bus.publish([message('a')]);
    const [delivery] = await one.received(1);
    await one.subscription?.stop();
    await bus.publish([message('a', { payload: 'later' })]);
    await delivery?.ack([]);
    expect(await bus.pending()).toBe(1);
    const two = await listen(bus, 'a');
    expect(payloads(await two.received(1))).toEqual(['later']);
    expect(one.got).toHaveLength(1);
  });

  it('keep what a group needs, and prune the rest by age and number', async () => {
    const bus = await open();
    const receiver = await listen(bus, 'a', { maxInFlight: 1 });
    const old = { time: systemClock.now() - 10 * 86_400_000 };
    await bus.publish([message('a', { ...old, payload: 'needed' }), message('b', old)]);
    await bus.publish([message('b'), message('dead.x.y'), message('dead.z'), message('b')]);
    expect(await bus.prune({ maxAgeDays: 5 })).toBe(1);
    expect(await bus.prune({ maxMessages: 2 })).toBe(2);
    expect((await bus.messages()).map((each) => each.message.channel)).toEqual([
      'a',
      'dead.z',
      'b',
    ]);
    expect(await bus.messages({ channel: 'dead.>' })).toHaveLength(1);
    expect(await bus.messages({ channel: '*.z' })).toHaveLength(1);
    await (await receiver.received(1))[0]?.ack([]);
    expect(await bus.prune({ maxMessages: 0 })).toBe(3);
    expect(await bus.messages()).toEqual([]);
  });

  it('count what is not done, of all or of one tree, also what is yet to be made', async () => {
    const bus = await open();
    await bus.publish([
      message('a', { correlationId: 'one' }),
      message('a', { correlationId: 'two' }),
    ]);
    const stuck = await listen(bus, 'a', { group: 'behind', from: 'start', maxInFlight: 0 });
    expect(await bus.pending()).toBe(2);
    expect(await bus.pending('one')).toBe(1);
    await stuck.subscription?.stop();
    const receiver = await listen(bus, 'a', { group: 'behind' });
    await (await receiver.received(2))[0]?.ack([]);
    expect(await bus.pending('one')).toBe(0);
    expect(await bus.pending('two')).toBe(1);
  });

  it('do again what a commit may have done, without doing it twice', async () => {
    const storage = await openStorage(place.url);
    let failures = 0;
    const shaky = {
      ...storage,
      transaction: async <T>(work: Parameters<typeof storage.transaction<T>>[0]): Promise<T> => {
        const result = await storage.transaction(work);
        // Committed, and nobody is told.
        if (failures-- > 0)
          throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
        return result;
      },
    };
    const bus = await open({ storage: shaky });
    const receiver = await listen(bus, 'in');
    const second = await listen(bus, 'out', { group: 'second' });
    failures = 1;
    await bus.publish(numbered('in', 3));
    const got = await receiver.received(3);
    expect(new Set(payloads(got))).toEqual(new Set([0, 1, 2]));
    failures = 1;
    await Promise.all([got[0]?.ack([message('out')]), got[1]?.ack([])]);
    await second.received(1);
    expect(await bus.messages({ channel: 'out' })).toHaveLength(1);
    await got[2]?.ack([]);
    expect(await bus.pending()).toBe(1);
    await bus.close();
    const { rows } = await sql`select 1 from dagger_pubsub_workers`.execute(storage.db);
    expect(rows).toEqual([]);
    await storage.close();
  });

  it('are taken over at once from a process of this host that died', async () => {
    const storage = await openStorage(place.url);
    const dead = await open({ clock: stoppedTimers });
    const lost = await listen(dead, 'a');
    await dead.publish([message('a')]);
    await lost.received(1);
    const owner = `${hostname()}#${NO_PROCESS}#0#x`;
    await sql`update dagger_pubsub_workers set owner = ${owner}`.execute(storage.db);
    const heir = await open();
    const at = systemClock.now();
    const receiver = await listen(heir, 'a');
    expect((await receiver.received(1))[0]?.attempt).toBe(2);
    expect(systemClock.now() - at).toBeLessThan(5_000);
    await storage.close();
  });

  it('carry the messages of an executor, and what is left of them after a crash', async () => {
    const results: unknown[] = [];
    const agents = [
      definePubSubAgent({
        name: 'double',
        subscriptions: ['numbers'],
        publications: ['doubled'],
        processMessage: ({ payload }, ctx) => ctx.publish('doubled', Number(payload) * 2),
      }),
      definePubSubAgent({
        name: 'collect',
        subscriptions: ['doubled'],
        processMessage: ({ payload }, ctx) => {
          if (payload === 8 && ctx.attempt === 1) throw new Error('not yet');
          results.push(payload);
        },
        retry: { attempts: 3, strategy: { type: 'linear', delay: 0.05 } },
      }),
    ] as const;
    const bus = await PubSubExecutor.open({ transport: await open(), agents });
    const report = await bus.execute({ channel: 'numbers', message: 4 });
    expect(report.success).toBe(true);
    await Promise.all(Array.from({ length: 50 }, (_, i) => bus.publish('numbers', i + 100)));
    await bus.idle();
    await bus.close();
    expect(results).toHaveLength(51);
    const later = await open();
    expect(await later.pending()).toBe(0);
    expect(await later.messages({ correlationId: report.correlationId })).toHaveLength(2);
  });
});
