import { describe, expect, it } from 'vitest';
import type { Inbox, InboxMessage } from '../storage/inbox.ts';
import { InboxLine } from './inbox-line.ts';

const message = (id: string): InboxMessage => ({
  id,
  at: 0,
  command: { type: 'EmitEvent', event: id },
});

/** An inbox whose reads end when the test says so, with what was in it when they began. */
const setup = () => {
  const rows: InboxMessage[] = [];
  const reads: (() => void)[] = [];
  let wake: (() => void) | undefined;
  let failing = false;
  const inbox: Inbox = {
    read() {
      const seen = [...rows];
      return new Promise((resolve, reject) => {
        reads.push(() => (failing ? reject(new Error('the database is gone')) : resolve(seen)));
      });
    },
    watch(call) {
      wake = call;
      return () => (wake = undefined);
    },
  };
  const delivered: string[] = [];
  const line = new InboxLine(inbox, ({ id }) => delivered.push(id));
  return {
    rows,
    reads,
    line,
    delivered,
    fail: (whether: boolean) => void (failing = whether),
    wake: () => wake?.(),
    get watched() {
      return wake !== undefined;
    },
  };
};

describe('the line from the inbox to the session', () => {
  it('delivers what was read before the session, and each message once', async () => {
    const { line, rows, reads, delivered } = setup();
    rows.push(message('a'), message('b'));
    line.start([message('a')]);
    expect(delivered).toEqual(['a']);
    const look = line.look();
    reads[0]?.();
    expect(await look).toBe(1);
    expect(delivered).toEqual(['a', 'b']);
  });

  it('looks again for a message that came while it was reading, before anybody is told that it looked', async () => {
    const { line, rows, reads, delivered } = setup();
    line.start([]);
    const early = line.look();
    rows.push(message('late'));
    let told = false;
    const look = line.look().then(() => (told = true));
    reads[0]?.();
    await Promise.resolve();
    expect(told).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toHaveLength(2);
    reads[1]?.();
    await Promise.all([early, look]);
    expect(delivered).toEqual(['late']);
  });

  it('looks again for whoever asks between the end of a look and its being told', async () => {
    const { line, rows, reads } = setup();
    line.start([]);
    const first = line.look();
    reads[0]?.();
    // After the read has ended, and before the look has.
    await Promise.resolve();
    rows.push(message('late'));
    const second = line.look();
    expect(await first).toBe(0);
    reads[1]?.();
    expect(await second).toBe(1);
  });

  it('makes up with the next look for one that failed', async () => {
    const { line, rows, reads, delivered, fail } = setup();
    rows.push(message('a'));
    line.start([]);
    fail(true);
    const failed = line.look();
    reads[0]?.();
    expect(await failed).toBe(0);
    fail(false);
    const look = line.look();
    reads[1]?.();
    expect(await look).toBe(1);
    expect(delivered).toEqual(['a']);
  });

  it('looks when it is woken, until it is stopped', () => {
    const inbox = setup();
    inbox.line.start([]);
    inbox.wake();
    expect(inbox.reads).toHaveLength(1);
    inbox.line.stop();
    expect(inbox.watched).toBe(false);
  });
});
