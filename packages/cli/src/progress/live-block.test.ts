import { stripVTControlCharacters } from 'node:util';
import type { RunReportData } from '@dagger/core';
import { expect, it } from 'vitest';
import { liveBlock, type LiveBlockState } from './live-block.ts';

const counts: RunReportData['counts'] = {
  total: 40,
  pending: 20,
  ready: 0,
  running: 9,
  retrying: 1,
  succeeded: 7,
  failed: 2,
  skipped: 1,
  cancelled: 0,
  waiting: 0,
};

const block = (
  ids: readonly string[],
  waiting: LiveBlockState['waiting'] = [],
): readonly string[] =>
  stripVTControlCharacters(
    liveBlock({
      name: 'flow',
      counts,
      waiting,
      running: new Map(
        ids.map((id, i) => [
          id,
          {
            since: 1_000,
            attempt: i + 1,
            note: i === 0 ? { fraction: 0.5, message: 'half\nway' } : undefined,
          },
        ]),
      ),
      frame: 3,
      now: 2_500,
      width: 100,
    }),
  ).split('\n');

it('the live block shows how far the run is and what is not well', () => {
  expect(block([])).toEqual([
    '⠸ flow ██████░░░░░░░░░░░░░░░░░░ 10/40, 2 failed, 1 waiting to be retried, 1 skipped',
  ]);
});

it('the live block shows the nodes that run, with their attempt, time and progress', () => {
  expect(block(['a', 'b\u001b[2J']).slice(1)).toEqual([
    '  ▶ a 1.5 s 50 % half way',
    String.raw`  ▶ b\u{1b}[2J attempt 2 1.5 s`,
  ]);
});

it('the live block does not grow with the number of nodes that run', () => {
  const lines = block(Array.from({ length: 200 }, (_, i) => `n${i}`));
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('  … and 192 more');
});

it('shows what waiting nodes ask below those that run, one line each', () => {
  const lines = block(['a'], [{ nodeId: 'review', prompt: `Ship it?\n${'x'.repeat(500)}` }]);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatch(/^ {2}\? review waits: Ship it\? x+/);
  expect((lines[2] as string).length).toBeLessThanOrEqual(100);
});
