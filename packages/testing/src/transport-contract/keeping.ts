import type { Hold, HoldStore, TraceAttempt, Transport } from '@dagger/pubsub';
import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messageTo, need, openPlace, read } from './world.ts';

const SINCE = Date.UTC(2030, 0, 1);

const holdOf = (payload: number, more: Partial<Hold> = {}): Hold => ({
  message: messageTo('out', payload, { headers: { a: 'b' }, key: 'k' }),
  since: SINCE + payload,
  dueAt: null,
  onTimeout: 'pause',
  ...more,
});

const holdsOf = ({ holds }: Transport): HoldStore => {
  if (holds === undefined) throw new Error('the transport says that it keeps holds, and has none');
  return holds;
};

const done = (agent: string, attempt: number, more: Partial<TraceAttempt> = {}): TraceAttempt => ({
  agent,
  attempt,
  status: 'done',
  error: null,
  startedAt: SINCE + attempt,
  durationMs: 5,
  ...more,
});

export const keeping = (contract: TransportContract): void => {
  const { holds, trace, persistent, shared } = contract.abilities;

  it('what a person has to see is received by nobody until it is let through', async ({ skip }) => {
    need(holds, skip);
    const place = await openPlace(contract);
    const transport = await place.open();
    const out = await read(transport, 'out', 'out');
    const [first, second] = [
      holdOf(1, { dueAt: SINCE + 60_000, onTimeout: 'autopilot' }),
      holdOf(2),
    ];
    await transport.publish([], undefined, [second]);
    const reader = await read(transport, 'g', 'in', {
      handle: (delivery) => delivery.ack([messageTo('out', 0)], { held: [first] }),
    });
    await transport.publish([messageTo('in', 0)]);
    await reader.until(1);
    await out.until(1);
    const store = holdsOf(transport);
    // With the acknowledgement that the output 0 went out with.
    expect(await store.list()).toEqual([first, second]);
    expect(await store.find(second.message.id)).toEqual(second);
    expect(await store.release(second.message.id, [second.message])).toBe(true);
    await out.until(2);
    expect(out.payloads()).toEqual([0, 2]);
    expect(out.arrived[1]?.message).toEqual(second.message);
    expect(await store.list()).toEqual([first]);
    expect(await store.find(second.message.id)).toBeUndefined();
  });

  it('one person alone decides, and another message may go on instead, or none', async ({
    skip,
  }) => {
    need(holds, skip);
    const place = await openPlace(contract);
    const transport = await place.open();
    const other = shared === true ? await place.open() : transport;
    const out = await read(transport, 'out', 'out');
    const [edited, dropped] = [holdOf(1), holdOf(2)];
    await transport.publish([], undefined, [edited, dropped]);
    const answers = await Promise.all(
      [transport, other, transport].map((each, n) =>
        holdsOf(each).release(edited.message.id, [messageTo('out', 10 + n)]),
      ),
    );
    expect(answers.filter(Boolean)).toEqual([true]);
    expect(await holdsOf(other).release(dropped.message.id, [])).toBe(true);
    expect(await holdsOf(transport).release(dropped.message.id, [dropped.message])).toBe(false);
    await transport.publish([messageTo('out', 'end')]);
    await out.until(2);
    expect(new Set(out.payloads())).toEqual(new Set([10 + answers.indexOf(true), 'end']));
    expect(await holdsOf(other).list()).toEqual([]);
  });

  it('what there is no room for goes on waiting for a person', async ({ skip }) => {
    need(holds, skip);
    const place = await openPlace(contract);
    const transport = await place.open();
    const waits = (): void => {};
    await read(transport, 'full', 'out', {
      maxInFlight: 1,
      capacity: 1,
      overflow: 'error',
      handle: waits,
    });
    const store = holdsOf(transport);
    const held = holdOf(1);
    await transport.publish([], undefined, [held]);
    await transport.publish([messageTo('out', 0)]);
    await expect(store.release(held.message.id, [held.message])).rejects.toMatchObject({
      code: 'CHANNEL_FULL',
    });
    expect(await store.list()).toEqual([held]);
  });

  it('what waits for people is there when the transport is opened again', async ({ skip }) => {
    need(holds, skip);
    need(persistent, skip);
    const place = await openPlace(contract);
    const before = await place.open();
    const held = holdOf(1);
    await before.publish([], undefined, [held]);
    await before.close();
    const after = await place.open();
    expect(await holdsOf(after).list()).toEqual([held]);
  });

  it('what was not let through stays in the trace, as the cause of what went on instead', async ({
    skip,
  }) => {
    need(holds, skip);
    need(trace, skip);
    const place = await openPlace(contract);
    const transport = await place.open();
    const { message } = holdOf(1);
    await transport.publish([], undefined, [holdOf(1, { message })]);
    const instead = messageTo('out', 2, {
      causationId: message.id,
      correlationId: message.correlationId,
      hops: 1,
    });
    expect(await holdsOf(transport).release(message.id, [instead])).toBe(true);
    const kept = (await transport.trace?.(message.correlationId)) ?? [];
    expect(kept.map((entry) => entry.message)).toEqual([message, instead]);
  });

  it('the attempts at a message are kept with what became of them', async ({ skip }) => {
    need(trace, skip);
    const place = await openPlace(contract);
    const transport = await place.open();
    const failed = done('reader', 1, { status: 'failed', error: 'no \u0000 luck' });
    const reader = await read(transport, 'g', 'in', {
      handle: (delivery) =>
        delivery.attempt === 1
          ? delivery.nack(0, { attempts: [failed] })
          : delivery.ack([messageTo('out', 1, { causationId: 'first', correlationId: 'first' })], {
              attempts: [done('reader', 2)],
            }),
    });
    const out = await read(transport, 'out', 'out', {
      handle: (delivery) => delivery.ack([], { attempts: [done('end', 1, { status: 'dead' })] }),
    });
    await transport.publish([messageTo('in', 0, { id: 'first', correlationId: 'first' })]);
    await reader.until(1);
    await out.until(1);
    await transport.close();
    const entries = (await (await place.open()).trace?.('first')) ?? [];
    expect(entries.map(({ message }) => message.payload)).toEqual([0, 1]);
    const [first, last] = entries.map(({ attempts }) => attempts);
    expect(first).toMatchObject([
      { agent: 'reader', attempt: 1, status: 'failed' },
      { agent: 'reader', attempt: 2, status: 'done', error: null, durationMs: 5 },
    ]);
    expect(first?.[0]?.error).toMatch(/^no . luck$/u);
    expect(last).toEqual([done('end', 1, { status: 'dead' })]);
  });
};
