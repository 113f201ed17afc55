// Does the research, says so, and then writes at the report until it is killed.
import { sqlite } from '@dagger/sqlite';
import { openResearch, startResearch } from '../src/open-research.ts';
import { deskForTest, QUESTIONS } from './desk-for-test.ts';

const [file = ''] = process.argv.slice(2);
const desk = deskForTest({
  compose: () => {
    console.log('composing');
    return Promise.withResolvers<never>().promise;
  },
});
const manager = await openResearch({ storage: sqlite(file), desk });
await startResearch(manager, 'job', QUESTIONS);
