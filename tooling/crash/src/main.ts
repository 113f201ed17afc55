import { crashAtEveryCommit } from '@dagger/testing';
import { scenarios } from './scenarios.ts';
for (const [name, scenario] of Object.entries(scenarios)) {
  const t = performance.now();
  const r = await crashAtEveryCommit({ scenario });
  console.log(name, r.points, r.commits, r.unreached, Math.round(performance.now() - t));
  for (const v of r.violations) console.log(v.commit, v.side, v.message);
}
