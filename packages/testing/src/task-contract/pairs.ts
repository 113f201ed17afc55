import type { Storage } from '@dagger/core';
import { expect, it } from 'vitest';
import { whyNot } from '../storage-contract/features.ts';
import { ok } from './agents.ts';
import type { Suite, World } from './world.ts';

type Case = (world: World, storages: readonly [Storage, Storage]) => Promise<void>;

/** A case for two managers: on one storage, and on two storages with the same data where there may be such. */
export const everyPair = (suite: Suite, title: string, work: Case): void => {
  it(`${title} (one storage)`, async () => {
    expect.hasAssertions();
    const world = await suite.world();
    await work(world, [world.storage, world.storage]);
  });
  if (suite.contract.features.concurrentConnections !== true) return;
  it(`${title} (two storages)`, async () => {
    const world = await suite.world();
    const beside = await world.beside();
    expect(beside).not.toBe(world.storage);
    await work(world, [world.storage, beside]);
  });
};

export const severalStorages = (suite: Suite): void => {
  it('see the same jobs', async () => {
    const world = await suite.world();
    const one = await world.manager({ agents: [ok], work: false });
    const two = await world.manager({ storage: await world.beside(), work: false });
    await one.startJob({ id: 'j', tasks: [{ key: 't', agent: ok }] });
    expect(await two.getTask('j/t')).toMatchObject({ state: 'ready' });
  });
};

export const noSeveralStorages = ({ contract }: Suite): void => {
  it(`are not possible: ${whyNot(contract.features.concurrentConnections)}`, async () => {
    const opened = await contract.open();
    await opened.storage.close();
    await opened.remove?.();
    expect(opened.beside).toBeUndefined();
  });
};
