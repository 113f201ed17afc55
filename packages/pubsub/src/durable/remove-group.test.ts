import { hostname } from 'node:os';
import { openStorage, systemClock, type Clock, type Storage } from '@dagger/core';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { definePubSubAgent } from '../agent/agent.ts';
import { openBus } from './redrive.fixture.ts';
import { removeGroup } from './remove-group.ts';
import {
  acknowledge,
  ahead,
  codeOf,
  databases,
  listen,
  message,
  numbered,
  openAt,
  payloads,
  placeForEach,
  stoppedTimers,
  until,
} from './storage.fixture.ts';
import { StorageTransport } from './storage-transport.ts';

/** Greater than what any system gives. */
const NO_PROCESS = 2 ** 30;
/** What waits for a while waits for a millisecond. */
const hasty: Clock = {
  now: () => systemClock.now(),
  after: (_, wake) => systemClock.after(1, wake),
};

describe.each(databases)('removing a group in $name', (database) => {
  const place = placeForEach(database);
  const { open } = place;

  const groups = async (bus: StorageTransport): Promise<unknown> =>
    (await bus.inspect.groups()).map(({ name, readers }) => `${name} ${readers}`);

  /** A group that nobody reads any more, with messages. */
  const abandon = async (group: string, messages: number): Promise<void> => {
    const bus = await openAt(place.url);
    await listen(bus, 'a', { group, maxInFlight: 0 });
    await bus.publish(numbered('a', messages));
    await bus.close();
  };

  it('takes what it was not done with along, and lets the messages be pruned', async () => {
    await abandon('old', 3);
    const bus = await open();
    await listen(bus, 'a', { group: 'new', onDelivery: acknowledge });
    await listen(bus, 'a', { group: 'late', from: { offset: 2 }, maxInFlight: 0 });
    expect(await bus.pending()).toBe(5);
    expect(await bus.prune({ maxMessages: 0 })).toBe(0);
    expect(await bus.removeGroup('old')).toBe(3);
    expect(await groups(bus)).toEqual(['late 1', 'new 1']);
    expect(await bus.removeGroup('late', { force: true })).toBe(2);
    expect(await bus.pending()).toBe(0);
    expect(await bus.prune({ maxMessages: 0 })).toBe(3);
    await bus.publish([message('a')]);
    await until(async () => (await bus.pending()) === 0);
  });

  it('is refused while a process that lives reads it, idle or not, which is named', async () => {
    const reader = await open();
    const receiver = await listen(reader, 'a', { group: 'old' });
    const bus = await open();
    expect(await groups(bus)).toEqual(['old 1']);
    const refused = bus.removeGroup('old');
    await expect(refused).rejects.toMatchObject({ code: 'GROUP_BUSY', recoverable: true });
    await expect(refused).rejects.toThrow(
      `group 'old' is read by process ${process.pid} on ${hostname()}: stop that first, or use force`,
    );
    expect(await codeOf(reader.removeGroup('old').then(() => {}))).toBe('GROUP_BUSY');
    await reader.publish([message('a')]);
    await receiver.received(1);
    // It has left, and has a message still.
    await receiver.subscription?.stop();
    expect(await codeOf(reader.removeGroup('old').then(() => {}))).toBe('GROUP_BUSY');
    await receiver.got[0]?.ack([]);
    expect(await reader.removeGroup('old')).toBe(0);
    expect(await groups(bus)).toEqual([]);
  });

  it('is not refused for a process that died, or whose lease is over', async () => {
    const reader = await open({ clock: stoppedTimers });
    await listen(reader, 'a', { group: 'one' });
    await listen(reader, 'a', { group: 'two' });
    const bus = await open({ clock: ahead(8_000) });
    expect(await groups(bus)).toEqual(['one 0', 'two 0']);
    expect(await bus.removeGroup('one')).toBe(0);
    const storage = await openStorage(place.url);
    const owner = `${hostname()}#${NO_PROCESS}#0#x`;
    await sql`update dagger_pubsub_workers set owner = ${owner}`.execute(storage.db);
    await storage.close();
    const other = await open();
    expect(await groups(other)).toEqual(['two 0']);
    expect(await other.removeGroup('two')).toBe(0);
  });

  it('is refused for a transport that looked dead and goes on, and for one that came again', async () => {
    const reader = await open();
    const receiver = await listen(reader, 'a', { group: 'old' });
    const storage = await openStorage(place.url);
    // As others do who think it dead.
    await sql`delete from dagger_pubsub_members`.execute(storage.db);
    await sql`delete from dagger_pubsub_workers`.execute(storage.db);
    await storage.close();
    const bus = await open();
    await until(async () => {
      await bus.publish([message('a')]);
      return (await bus.inspect.groups())[0]?.readers === 1;
    });
    expect(await codeOf(bus.removeGroup('old').then(() => {}))).toBe('GROUP_BUSY');
    await Promise.all([
      receiver.subscription?.stop(),
      listen(reader, 'a', { group: 'old', maxInFlight: 0 }),
    ]);
    expect(await groups(bus)).toEqual(['old 1']);
  });

  it('by force leaves its members nothing: what they have is not theirs any more', async () => {
    const logged: unknown[] = [];
    const reader = await open({
      logger: (level, text, data) =>
        void (level === 'error' && logged.push({ text, group: data?.['group'] })),
    });
    const receiver = await listen(reader, 'a', { group: 'old' });
    await reader.publish(numbered('a', 3));
    const [first, second, third] = await receiver.received(3);
    const bus = await open();
    expect(await bus.removeGroup('old', { force: true })).toBe(3);
    expect(await codeOf(first?.ack([message('out')]))).toBe('DELIVERY_LOST');
    expect(await bus.messages({ channel: 'out' })).toEqual([]);
    await second?.nack(0);
    await third?.nack(20);
    await until(() => logged.length > 0);
    expect(logged).toEqual([
      { text: 'a group was removed: its members here receive nothing any more', group: 'old' },
    ]);
    await bus.publish([message('a', { payload: 'missed' })]);
    const again = await listen(reader, 'a', { group: 'old' });
    await bus.publish([message('a', { payload: 'seen' })]);
    expect(payloads(await again.received(1))).toEqual(['seen']);
    expect(receiver.got).toHaveLength(3);
    expect(logged).toHaveLength(1);
    expect(await groups(bus)).toEqual(['old 1']);
    await receiver.subscription?.stop();
    expect(await groups(bus)).toEqual(['old 1']);
  });

  it('lets go on who waits for room of it, in whatever process', async () => {
    const bus = await open();
    const other = await open();
    await listen(bus, 'a', { group: 'full', maxInFlight: 0, capacity: 1 });
    await bus.publish([message('a')]);
    const waiting = [bus.publish([message('a')]), other.publish([message('a')])];
    const isOver = Promise.race(waiting).then(() => 'over');
    expect(await Promise.race([isOver, bus.pending()])).toBe(1);
    await bus.removeGroup('full', { force: true });
    await Promise.all(waiting);
    expect(await bus.messages()).toHaveLength(3);
    expect(await bus.pending()).toBe(0);
  });

  /** A storage on which counting what a group is not done with takes until it is let go on. */
  const slowToCount = async (): Promise<{
    readonly storage: Storage;
    readonly counting: Promise<void>;
    readonly goOn: () => void;
  }> => {
    const storage = await openStorage(place.url);
    place.closes(storage);
    let began!: () => void;
    let goOn!: () => void;
    const counting = new Promise<void>((resolve) => (began = resolve));
    const isFree = new Promise<void>((resolve) => (goOn = resolve));
    const db = storage.db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        if (result.rows.some((row) => 'undone' in row)) {
          began();
          await isFree;
        }
        return result;
      },
    });
    const slow = Object.create(storage, { db: { value: db } }) as Storage;
    return { storage: slow, counting, goOn };
  };

  it('leaves nothing of what was about to be published for it', async () => {
    const { storage, counting, goOn } = await slowToCount();
    const bus = await StorageTransport.open({ storage });
    await listen(bus, 'a', { group: 'old', maxInFlight: 0 });
    const published = bus.publish([message('a')]);
    await counting;
    await bus.removeGroup('old', { force: true });
    goOn();
    await published;
    expect(await bus.pending()).toBe(0);
    await bus.close();
  });

  it('keeps no group that comes meanwhile from what was about to be published', async () => {
    const { storage, counting, goOn } = await slowToCount();
    const bus = await StorageTransport.open({ storage });
    await listen(bus, 'a', { group: 'old', maxInFlight: 0 });
    const published = bus.publish([message('a')]);
    await counting;
    const receiver = await listen(bus, 'a', { group: 'new' });
    goOn();
    await published;
    expect(await bus.pending()).toBe(2);
    await receiver.received(1);
    await bus.close();
  });

  it('ends the waiting of a bus for what nobody does any more', async () => {
    await abandon('old', 0);
    const handled: unknown[] = [];
    const agent = definePubSubAgent({
      name: 'new',
      subscriptions: ['a'],
      processMessage: ({ payload }) => void handled.push(payload),
    });
    const { bus, transport } = await openBus(place.url, [agent]);
    place.closes({ close: () => bus.close({ drainSeconds: 0 }) });
    let isOver = false;
    const done = bus.execute({ channel: 'a', message: 1 }).then((report) => {
      isOver = true;
      return report;
    });
    await until(async () => handled.length === 1 && (await transport.pending()) === 1);
    expect(isOver).toBe(false);
    expect(await transport.removeGroup('old')).toBe(1);
    expect(await done).toMatchObject({ success: true });
    await bus.idle();
  });

  it('by force from under an agent at work crashes nothing, and the agent may join again', async () => {
    const handled: unknown[] = [];
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const agent = definePubSubAgent({
      name: 'worker',
      subscriptions: ['a'],
      processMessage: async ({ payload }, ctx) => {
        handled.push(payload);
        await gate;
        ctx.publish('out', payload);
      },
    });
    const { bus, transport } = await openBus(place.url, [agent]);
    place.closes({ close: () => bus.close({ drainSeconds: 0 }) });
    await bus.publish('a', 1);
    await until(() => handled.length === 1);
    expect(await transport.removeGroup('worker', { force: true })).toBe(1);
    release();
    await bus.idle();
    expect(await transport.messages({ channel: 'out' })).toEqual([]);
    await bus.removeAgent('worker');
    await bus.addAgent(agent);
    await bus.execute({ channel: 'a', message: 2 });
    expect(handled).toEqual([1, 2]);
    expect(await transport.messages({ channel: 'out' })).toMatchObject([
      { message: { payload: 2 } },
    ]);
  });

  it('of one that is not there says which one may be meant', async () => {
    await abandon('audit', 1);
    const bus = await open();
    for (const ask of [() => bus.removeGroup('audti'), () => bus.replay('audti', 'start')]) {
      const refused = ask();
      await expect(refused).rejects.toMatchObject({ code: 'GROUP_UNKNOWN' });
      await expect(refused).rejects.toThrow("there is no group 'audti'; did you mean 'audit'?");
    }
    await expect(bus.removeGroup('x', { force: true })).rejects.toThrow(/^there is no group 'x'$/);
    expect(await groups(bus)).toEqual(['audit 0']);
    await bus.close();
    await expect(bus.removeGroup('audit')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });

  it('is done once by whoever did not hear at first that it was done', async () => {
    await abandon('old', 2);
    const storage = await openStorage(place.url);
    let isLost = true;
    const deaf: Storage = Object.create(storage, {
      transaction: {
        value: async (work: Parameters<Storage['transaction']>[0]) => {
          const answer = await storage.transaction(work);
          if (!isLost) return answer;
          isLost = false;
          throw new Error('the connection went away after the commit');
        },
      },
    }) as Storage;
    const request = { storage: deaf, clock: hasty, name: 'old', force: false, own: undefined };
    expect(await removeGroup(request)).toBe(2);
    expect(isLost).toBe(false);
    await expect(removeGroup(request)).rejects.toMatchObject({ code: 'GROUP_UNKNOWN' });
    await storage.close();
  });
});
