import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/clock.ts';
import { gate } from '../../test/gate.ts';
import { ActionRegistry } from '../actions/registry.ts';
import type { DagConfigInput } from '../config/model.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { RunReport } from '../run/report.ts';

/**
 * `bad` fails at once while `slow` runs; then `slow` ends, and `after` could start. `child` depends on `bad`.
 * The three stand beside each other, so that only the policy keeps `after` from starting.
 */
const setup = async (
  config: DagConfigInput,
  bad: Partial<NodeDefinition> = {},
): Promise<RunReport> => {
  const failed = gate();
  const registry = new ActionRegistry([
    {
      name: 'bad',
      execute: () => {
        failed.open();
        throw new Error('broken');
      },
    },
    { name: 'slow', execute: () => failed.passed },
    { name: 'ok', execute: () => {} },
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock: new ManualClock(),
    config: { maxAttempts: 1, ...config },
  });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'slow', action: 'slow' },
      { id: 'bad', action: 'bad', ...bad },
      { id: 'child', action: 'ok', dependencies: ['bad'] },
      { id: 'grandchild', action: 'ok', dependencies: ['child'] },
      { id: 'after', action: 'ok', dependencies: ['slow'] },
    ],
  });
  return executor.run('g');
};

const statuses = (report: RunReport): Record<string, string> =>
  Object.fromEntries(Object.values(report.nodes).map(({ id, status }) => [id, status]));

const skipped = { bad: 'failed', child: 'skipped', grandchild: 'skipped', slow: 'succeeded' };

describe('when a node fails', () => {
  it('under continue the rest of the graph runs, and the run has failed', async () => {
    const report = await setup({ onFailure: 'continue' });
    expect(statuses(report)).toEqual({ ...skipped, after: 'succeeded' });
    expect(report).toMatchObject({
      status: 'failed',
      success: false,
      error: { message: 'broken' },
      counts: { total: 5, succeeded: 2, failed: 1, skipped: 2 },
    });
    expect(report.nodes['child']?.reason).toBe('dependency-failed');
    expect(report.nodes['grandchild']?.reason).toBe('dependency-skipped');
  });

  it('under pause nothing new starts, what runs ends, and the run is paused', async () => {
    const report = await setup({ onFailure: 'pause' });
    expect(statuses(report)).toEqual({ ...skipped, after: expect.stringMatching(/pending|ready/) });
    expect(report).toMatchObject({ status: 'paused', error: { message: 'broken' } });
  });

  it('pausing is the default', async () => {
    expect((await setup({})).status).toBe('paused');
  });

  it.each(['stop', 'halt'] as const)(
    'under %s nothing new starts, what runs ends, and the run has failed',
    async (onFailure) => {
      const report = await setup({ onFailure });
      expect(statuses(report)).toEqual({
        ...skipped,
        after: expect.stringMatching(/pending|ready/),
      });
      expect(report).toMatchObject({ status: 'failed', error: { message: 'broken' } });
    },
  );

  it.each(['continue', 'pause', 'stop'] as const)(
    'with onfailure: false the run stops, although its policy is %s',
    async (onFailure) => {
      const report = await setup({ onFailure }, { onfailure: false });
      expect(report.status).toBe('failed');
      expect(report.nodes['after']?.attempts).toBe(0);
    },
  );

  it('with onfailure: true the policy of the run decides', async () => {
    expect(
      (await setup({ onFailure: 'continue' }, { onfailure: true })).nodes['after']?.status,
    ).toBe('succeeded');
    expect((await setup({ onFailure: 'pause' }, { onfailure: true })).status).toBe('paused');
  });

  it('with onfailure: false its retries come first', async () => {
    const report = await setup(
      { onFailure: 'continue', retryStrategy: 'immediate' },
      { onfailure: false, tryCount: 3 },
    );
    expect(report.nodes['bad']).toMatchObject({ status: 'failed', attempts: 3 });
  });
});
