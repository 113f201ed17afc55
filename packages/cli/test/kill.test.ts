import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunReportData } from '@dagger/core';
import { expect, it } from 'vitest';
import { dagger, folder, start } from './command.ts';
import { POSTGRES, STORAGES } from './storages.ts';

/** A server is asked less often: each of its processes connects anew. */
const killsOn = (name: string): number => (name === POSTGRES.name ? 4 : 6);
/** Most actions that begin in one session before it is killed: a run is killed several times on its way. */
const MOST_BEGUN = 60;
const LAYERS = 20;
const WIDTH = 10;
const NODES = LAYERS * WIDTH;
const SEED = 20_251_120;

/** mulberry32: the same moments in every run of the test. */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

/** Every node depends on two of the layer before. */
const layered = (): string => {
  const lines = ['name: layered', 'nodes:'];
  for (let layer = 0; layer < LAYERS; layer++)
    for (let i = 0; i < WIDTH; i++) {
      const before = [i, (i * 3 + 1) % WIDTH].map((j) => `n${layer - 1}-${j}`);
      const dependencies =
        layer === 0 ? '' : `, dependencies: [${[...new Set(before)].join(', ')}]`;
      lines.push(`  - { id: n${layer}-${i}, action: step${dependencies} }`);
    }
  return lines.join('\n');
};

/** Says that it was here, in a file and on stderr, does about a millisecond of work that is really asynchronous. */
const ACTIONS = `
import { appendFileSync } from 'node:fs';
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
const work = promisify(pbkdf2);
export const step = {
  name: 'step',
  async execute({ nodeId }) {
    appendFileSync('log', nodeId + '\\n');
    process.stderr.write('did ' + nodeId + '\\n');
    const key = await work(nodeId, 'salt', 2_000, 16, 'sha256');
    return { key: key.toString('hex') };
  },
};
`;

const countLines = (cwd: string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const id of readFileSync(join(cwd, 'log'), 'utf8').split('\n').slice(0, -1))
    counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
};

const parse = (stdout: string): RunReportData => JSON.parse(stdout) as RunReportData;

/** Kills a session of a run once so many actions have begun in it; gives whether it was in time. */
const killAfter = async (cwd: string, lines: number, args: readonly string[]): Promise<boolean> => {
  const session = start(cwd, args);
  let seen = 0;
  session.process.stderr?.on('data', (chunk: string) => {
    seen += chunk.split('did ').length - 1;
    if (seen >= lines) session.process.kill('SIGKILL');
  });
  return (await session.ended).code === null;
};

/** What a node had given, and how often it had begun, when it was first seen to have succeeded. */
interface Acknowledged {
  readonly outputs: unknown;
  readonly begun: number | undefined;
}

it.for(STORAGES)(
  'a run that is killed at any moment is finished by resume, and nothing acknowledged is done again, on $name [P6] [P9]',
  { timeout: 300_000 },
  async ({ name, missing, place }, { skip }) => {
    skip(missing);
    const kills = killsOn(name);
    const chance = random(SEED);
    let begunAgain = 0;
    const done: number[] = [];
    while (done.length < kills) {
      const cwd = folder({ 'flow.yaml': layered(), 'actions.mjs': ACTIONS });
      const stored = ['--storage', place(cwd), '--json'];
      const work = ['-a', 'actions.mjs', ...stored];
      const acknowledged = new Map<string, Acknowledged>();
      let session = ['run', 'flow.yaml', '--run-id', 'r', ...work];
      const moment = (): number => 1 + Math.floor(chance() * MOST_BEGUN);
      while (done.length < kills && (await killAfter(cwd, moment(), session))) {
        session = ['resume', 'r', ...work];
        const shown = await dagger(cwd, ['runs', 'show', 'r', ...stored]);
        expect(shown).toMatchObject({ code: 0 });
        const lines = countLines(cwd);
        for (const { id, status, outputs } of Object.values(parse(shown.stdout).nodes))
          if (status === 'succeeded' && !acknowledged.has(id))
            acknowledged.set(id, { outputs, begun: lines.get(id) });
        done.push(acknowledged.size);
      }

      const resumed = await dagger(cwd, session);
      expect(resumed).toMatchObject({ code: 0 });
      const after = parse(resumed.stdout);
      const lines = countLines(cwd);

      expect(after.counts.succeeded).toBe(NODES);
      expect(lines.size).toBe(NODES);
      for (const [id, { outputs, begun }] of acknowledged) {
        expect(after.nodes[id]).toMatchObject({ id, outputs });
        expect(lines.get(id), `how often ${id} began`).toBe(begun);
      }
      begunAgain += [...lines.values()].filter((count) => count > 1).length;
    }
    console.log(
      `${kills} kills, when ${done.join(', ')} of ${NODES} nodes were done; ${begunAgain} that had begun and not ended were begun again`,
    );
    // Otherwise no kill came in the middle of anything.
    expect(begunAgain).toBeGreaterThan(0);
  },
);
