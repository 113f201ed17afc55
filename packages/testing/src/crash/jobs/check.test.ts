import { expect, it } from 'vitest';
import type { SessionMark } from '../side-effects.ts';
import { jobViolations, type JobsAccount } from './check.ts';
import type { JobDeed, JobEffect } from './effects.ts';
import type { JobStateData, JobStates, TaskStateData } from './state.ts';

const task = (change: Partial<TaskStateData> = {}): TaskStateData => ({
  agent: 'work',
  parentId: null,
  type: 'task',
  state: 'completed',
  input: '{}',
  output: '{"x":1}',
  error: null,
  why: 'completed',
  onCrash: 'retry',
  failures: 0,
  crashes: 0,
  rejections: 0,
  runs: 1,
  ...change,
});
const running = { state: 'in_progress', output: null, why: 'worker_gone' } as const;
const job = (tasks: JobStateData['tasks'], change: Partial<JobStateData> = {}): JobStates => ({
  j: {
    status: 'succeeded',
    error: null,
    counts: { total: 2, unfinished: 0, failed: 0 },
    tasks,
    shared: {},
    events: ['TaskCompleted j/a', 'TaskCompleted j/b', 'JobFinished'],
    ...change,
  },
});
const at = (deed: JobDeed): JobEffect => ({ ...deed, at: 1 });
const did = (type: 'begin' | 'end', taskId: string, run = 1): JobEffect =>
  at({ type, jobId: 'j', taskId, run });
const told = (event: string): JobEffect => at({ type: 'told', jobId: 'j', event });
const session: SessionMark = { type: 'session' };

const whole = job({ 'j/a': task(), 'j/b': task() });
const undisturbed: JobsAccount = {
  of: 'jobs',
  found: {},
  takenOver: {},
  final: whole,
  problems: [],
};

interface Outcome extends JobsAccount {
  readonly effects: readonly (JobEffect | SessionMark)[];
}

/** Killed while b ran; the next process did b again. */
const interrupted = job(
  { 'j/a': task(), 'j/b': task(running) },
  { status: 'running', events: ['TaskCompleted j/a'] },
);
const clean: Outcome = {
  of: 'jobs',
  found: interrupted,
  takenOver: interrupted,
  final: job({ 'j/a': task(), 'j/b': task({ crashes: 1, runs: 2 }) }),
  problems: [],
  effects: [
    session,
    at({ type: 'started', jobId: 'j' }),
    did('begin', 'j/a'),
    did('end', 'j/a'),
    told('TaskCompleted j/a'),
    did('begin', 'j/b'),
    session,
    did('begin', 'j/b', 2),
    did('end', 'j/b', 2),
  ],
};
const judge = (change: Partial<Outcome>, expected = undisturbed): readonly string[] => {
  const { effects, ...account } = { ...clean, ...change };
  return jobViolations(expected, account, effects);
};

it('one more attempt of what was interrupted is no violation', () => {
  expect(judge({})).toEqual([]);
});

it('a crash of what was not interrupted is, and so is a failure that only the crash brought', () => {
  const a = task({ crashes: 1, runs: 2 });
  const b = task({ failures: 1, runs: 2 });
  expect(judge({ final: job({ 'j/a': a, 'j/b': b }) })).toEqual([
    expect.stringMatching(/^j\/a: is .*"crashes":1.*, undisturbed .*"crashes":0/),
    expect.stringMatching(/^j\/b: is .*"failures":1.*, undisturbed .*"failures":0/),
  ]);
});

it('what began or was told before the storage knew, is', () => {
  const early = [
    did('begin', 'j/c'),
    told('TaskCompleted j/b'),
    at({ type: 'reported', jobId: 'j', status: 'succeeded' }),
    at({ type: 'started', jobId: 'k' }),
  ];
  expect(judge({ effects: [session, ...early, ...clean.effects.slice(1)] })).toEqual([
    'j/c: run 1 began before its claim was committed',
    'j: was reported as succeeded and is running',
    'k: was acknowledged and is lost',
    "j: 'TaskCompleted j/b' was told and is lost",
  ]);
});

it('what runs again after its end was committed, or twice on one claim, is', () => {
  expect(judge({ effects: [...clean.effects, did('begin', 'j/a')] })).toEqual([
    'j/a: run 1 began twice',
    'j/a: ran again after its end was committed',
  ]);
});

it('what completes without having run, or twice, is', () => {
  const effects = clean.effects.filter((e) => !(e.type === 'end' && e.taskId === 'j/a'));
  expect(judge({ effects })).toEqual(['j/a: completed without having run']);
  const events = [...(whole['j']?.events ?? []), 'TaskCompleted j/a'];
  expect(judge({ final: job(clean.final['j']?.tasks ?? {}, { events }) })).toEqual([
    expect.stringMatching(/^j: what happened is /),
  ]);
});

it('a child too many is, and so are a job that is lost and one too many', () => {
  const tasks = { ...clean.final['j']?.tasks, 'j/b/child': task() };
  const effects = [...clean.effects, did('begin', 'j/b/child'), did('end', 'j/b/child')];
  expect(judge({ final: job(tasks), effects })).toEqual(['j/b/child: is one too many']);
  expect(judge({ final: {} })).toEqual(['j: is lost']);
  expect(
    judge({ final: { ...clean.final, k: { ...clean.final['j'], tasks: {} } as never } }),
  ).toEqual(['k: is one too many']);
});

it('what must not run twice and does so without a decision, is', () => {
  const once = task({ onCrash: 'block' });
  const expected = { ...undisturbed, final: job({ 'j/a': task(), 'j/b': once }) };
  const found = job(
    { 'j/a': task(), 'j/b': { ...once, ...running } },
    { status: 'running', events: ['TaskCompleted j/a'] },
  );
  const final = job({ 'j/a': task(), 'j/b': { ...once, crashes: 1, runs: 2 } });
  expect(judge({ found, takenOver: found, final }, expected)).toEqual([
    'j/b: is in_progress, worker_gone,  after its worker died, not blocked, crashed, ',
    'j/b: ran 2 times, and must not run twice',
  ]);
  const blocked = job({ 'j/a': task(), 'j/b': { ...once, state: 'blocked', why: 'crashed' } });
  const decided = job(
    { 'j/a': task(), 'j/b': { ...once, runs: 2 } },
    { events: [...(whole['j']?.events ?? []), 'TaskReopened j/b'] },
  );
  expect(judge({ found, takenOver: blocked, final: decided }, expected)).toEqual([]);
});

it('what was wrong with the storage on the way is a violation', () => {
  expect(judge({ problems: ['a gap'] })).toEqual(['a gap']);
});
