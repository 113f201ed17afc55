import { setTimeout as pause } from 'node:timers/promises';
import { defineTaskAgent } from '@dagger/tasks';
import { z } from 'zod';
import { finding } from '../thinking/report.ts';
import { deskOf } from './desk.ts';

const PASSAGES = 12;

export const dataGatherer = defineTaskAgent({
  name: 'data_gatherer',
  description: 'Finds the passages of the library that fit a query best.',
  input: z.object({ query: z.string() }),
  output: z.object({ findings: z.array(finding) }),
  async execute(ctx) {
    const { library, pace } = deskOf(ctx);
    const { query } = ctx.input;
    if (pace > 0) await pause(pace, undefined, { signal: ctx.signal });
    const findings = library.search(query, PASSAGES).map(({ passage, score, terms }) => ({
      passage: passage.id,
      query,
      score,
      terms: [...terms],
    }));
    // Many gatherers add to it at the same time; none of it is lost.
    ctx.state.add('passages_found', findings.length);
    return { findings };
  },
});
