import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messagesTo, messageTo, openTransport, read } from './world.ts';

export const closing = (contract: TransportContract): void => {
  it('may be done again, and then nothing is taken any more', async () => {
    const transport = await openTransport(contract);
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
    const attempt = async (): Promise<void> => {
      await transport.publish([messageTo('work', 1)]);
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    await expect(read(transport, 'g', 'work')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });

  it('waits for no acknowledgement', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work', { handle: () => {} });
    await transport.publish(messagesTo('work', 3));
    await reader.until(3);
    await transport.close();
    const arrived = reader.arrived.length;
    expect(arrived).toBe(3);
  });

  it('of one reader leaves the others alone', async () => {
    const transport = await openTransport(contract);
    const [one, two] = [await read(transport, 'one', 'work'), await read(transport, 'two', 'work')];
    await one.stop();
    await one.stop();
    await transport.publish(messagesTo('work', 5));
    await two.until(5);
    expect(one.arrived).toEqual([]);
  });
};
