import { isDeepStrictEqual } from 'node:util';
import type { JobLogEvent, JobStatus, TaskState } from '@dagger/tasks';
import type { Database } from '../world/database.ts';
import type { Execution } from '../world/executions.ts';
import { causeOf, isLegal, type Move } from './cause.ts';
import { checkRows } from './snapshot.ts';
import { violated } from './violation.ts';

interface Job {
  readonly id: string;
  readonly status: JobStatus;
  readonly open: number;
  readonly unfinished: number;
  readonly movable: number;
}

/** What the moves of a task come to. */
interface Account {
  failures: number;
  crashes: number;
  reopened: boolean;
  /** It had begun when its worker died, and must not run twice. */
  mustNotRun: boolean;
  /** What ended each run. */
  readonly ends: Map<number, string>;
  /** When, in milliseconds since the epoch. */
  readonly endedAt: Map<number, number>;
}

/** How a move is told in the history that is committed with it. */
const TOLD: { readonly [S in TaskState]?: JobLogEvent['type'] } = {
  completed: 'TaskCompleted',
  failed: 'TaskFailed',
  skipped: 'TaskSkipped',
  cancelled: 'TaskCancelled',
  in_review: 'TaskInReview',
  accepted: 'TaskAccepted',
};

/** Milliseconds for which a worker may not know that a task was taken from it which has not begun. */
const UNHEARD = 3_000;

const isOver = (status: JobStatus | undefined): boolean =>
  status !== undefined && status !== 'running' && status !== 'paused';

/** Looks at the database after each step, and remembers what it saw. */
export class Observer {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #told: (line: string) => void;
  readonly #begun: Set<string> = new Set();
  /** Which process a lease is of, as far as it has taken tasks. */
  readonly #owners: Map<string, string> = new Map();
  #actor: string | undefined;
  #robbed: string[] = [];
  #lastMove = 0;
  #lastLog = 0;
  #leases: ReadonlyMap<string, number> = new Map();
  readonly #jobs: Map<string, Job> = new Map();
  readonly accounts: Map<string, Account> = new Map();
  #overlaps: { readonly earlier: Execution; readonly later: Execution }[] = [];

  constructor(
    database: Database,
    {
      now,
      told,
    }: {
      readonly now: () => number;
      /** Called with a line for each move. */ readonly told: (line: string) => void;
    },
  ) {
    this.#database = database;
    this.#now = now;
    this.#told = told;
  }

  /** A call of an agent began. */
  began({ taskId, run }: Execution): void {
    this.#begun.add(`${taskId}#${run}`);
  }

  /** A call of an agent began while another one for the same task had not ended. */
  overlap(earlier: Execution, later: Execution): void {
    this.#overlaps.push({ earlier, later });
  }

  account(taskId: string): Account {
    let account = this.accounts.get(taskId);
    if (account === undefined) {
      account = {
        failures: 0,
        crashes: 0,
        reopened: false,
        mustNotRun: false,
        ends: new Map(),
        endedAt: new Map(),
      };
      this.accounts.set(taskId, account);
    }
    return account;
  }

  /** The process of a lease, where it has taken tasks. */
  owner(lease: string): string | undefined {
    return this.#owners.get(lease);
  }

  /** The jobs as they were at the last look. */
  get jobs(): ReadonlyMap<string, Job> {
    return this.#jobs;
  }

  /** Whether anything moves by itself. */
  get isAnyMovable(): boolean {
    return [...this.#jobs.values()].some(({ movable }) => movable > 0);
  }

  /** How many moves there were. */
  get moves(): number {
    return this.#lastMove;
  }

  /**
   * @param actor whose commit went on, if anybody's did
   * @returns the leases from which tasks were taken
   * @throws Violation
   */
  async look(actor: string | undefined): Promise<readonly string[]> {
    this.#actor = actor;
    this.#robbed = [];
    // Nothing is written but by commits.
    if (actor !== undefined) await this.#lookAtCommit();
    for (const { earlier, later } of this.#overlaps.splice(0)) this.#checkOverlap(earlier, later);
    return this.#robbed;
  }

  async #lookAtCommit(): Promise<void> {
    const { query } = this.#database;
    const moves = await query<Move>(
      `select * from sim_moves where n > ${this.#lastMove} order by n`,
    );
    const log = await query<{
      readonly n: number;
      readonly job_id: string;
      readonly body: string;
    }>(
      `select rowid as n, job_id, body from dagger_job_log where rowid > ${this.#lastLog} order by rowid`,
    );
    const events = log.flatMap(({ job_id, body }) =>
      (JSON.parse(body) as JobLogEvent[]).map((event) => ({ ...event, job: job_id })),
    );
    this.#lastMove = moves.at(-1)?.n ?? this.#lastMove;
    this.#lastLog = log.at(-1)?.n ?? this.#lastLog;
    for (const move of moves) {
      const about = events.filter((event) => 'taskId' in event && event.taskId === move.id);
      const told = new Set(about.map(({ type }) => type));
      if (move.old === null) this.#added(move);
      else this.#moved(move, told);
    }
    this.#checkTelling(moves, events);
    // A sign of life, or a look for work that found none.
    if (moves.length > 0 || events.length > 0) {
      await this.#checkJobs(events);
      await checkRows(this.#database, (id) => this.account(id).reopened);
    }
    await this.#readLeases();
  }

  async #readLeases(): Promise<void> {
    const workers = await this.#database.query<{
      readonly id: string;
      readonly lease_until: number;
    }>('select id, lease_until from dagger_workers');
    this.#leases = new Map(workers.map(({ id, lease_until }) => [id, lease_until]));
  }

  #added({ id, new: now, fence }: Move): void {
    this.#told(`  + ${id} ${now}`);
    if (fence !== 0 || !['pending', 'ready', 'paused'].includes(now))
      violated(`task '${id}' was added as ${now} with the fence ${fence}`);
  }

  #moved(move: Move, told: ReadonlySet<JobLogEvent['type']>): void {
    const { id, old, new: now, fence, old_fence } = move;
    const cause = causeOf(move, told);
    this.#told(`  ${id} ${String(old)} -> ${now} (${cause}, run ${fence})`);
    if (!isLegal(move, cause))
      violated(`task '${id}' went from ${String(old)} to ${now} (${cause})`);
    if (fence !== old_fence + (cause === 'claim' ? 1 : 0))
      violated(`the fence of task '${id}' went from ${old_fence} to ${fence} (${cause})`);
    if (cause === 'claim' && move.job_status !== 'running')
      violated(`task '${id}' was taken although its job is ${move.job_status}`);
    if (cause === 'claim' && this.#actor !== undefined)
      this.#owners.set(move.worker ?? '', this.#actor);
    if (cause === 'reopen') this.#reopened(id);
    if (cause === 'claim' && this.account(id).mustNotRun)
      violated(`task '${id}' had begun when its worker died, and runs again without a decision`);
    if (old === 'in_progress') this.#attemptEnded(move, cause);
  }

  #reopened(id: string): void {
    const account = this.account(id);
    account.failures = 0;
    account.crashes = 0;
    account.reopened = true;
    account.mustNotRun = false;
  }

  #attemptEnded(move: Move, cause: string): void {
    const { id, new: now, fence, old_worker, output } = move;
    const account = this.account(id);
    account.ends.set(fence, cause);
    account.endedAt.set(fence, this.#now());
    if (cause === 'retry' || cause === 'fail') account.failures++;
    const mayRunTwice = move.on_crash === null || move.on_crash === 'retry';
    if (cause === 'give back' && !mayRunTwice && this.#begun.has(`${id}#${fence}`))
      violated(`task '${id}' had begun, must not run twice, and was given back`);
    if (cause === 'crash') {
      account.crashes++;
      this.#robbed.push(old_worker ?? '');
      if (!mayRunTwice) account.mustNotRun = true;
      const lease = this.#leases.get(old_worker ?? '') ?? 0;
      // Whoever closes may give up what must not run twice.
      const isOwn = this.#owners.get(old_worker ?? '') === this.#actor;
      if (lease >= this.#now() && !isOwn)
        violated(`task '${id}' was taken from '${String(old_worker)}', whose lease had not ended`);
    }
    if (now === 'completed' || now === 'in_review') {
      const { run } = JSON.parse(output ?? '{}') as { readonly run?: number };
      if (run !== undefined && run !== fence)
        violated(`task '${id}' was completed by its run ${run} while run ${fence} had it`);
    }
  }

  /** The history tells each end of a task once, and nothing that did not happen. */
  #checkTelling(
    moves: readonly Move[],
    events: readonly (JobLogEvent & { readonly job: string })[],
  ): void {
    const happened = moves.flatMap(({ id, new: now }) => {
      const type = TOLD[now];
      return type === undefined ? [] : [`${type} ${id}`];
    });
    const types = new Set(Object.values(TOLD));
    const told = events.flatMap((event) =>
      'taskId' in event && types.has(event.type) ? [`${event.type} ${event.taskId}`] : [],
    );
    if (!isDeepStrictEqual(happened.toSorted(), told.toSorted()))
      violated(
        `the history tells [${told.join(', ')}], and what happened is [${happened.join(', ')}]`,
      );
  }

  async #checkJobs(events: readonly (JobLogEvent & { readonly job: string })[]): Promise<void> {
    const jobs = await this.#database.query<Job>(
      'select id, status, open, unfinished, movable from dagger_jobs',
    );
    for (const job of jobs) {
      const before = this.#jobs.get(job.id);
      this.#jobs.set(job.id, job);
      const endings = events.filter((e) => e.type === 'JobFinished' && e.job === job.id).length;
      const ended = isOver(job.status) && !isOver(before?.status) ? 1 : 0;
      if (before?.status !== job.status) this.#told(`  ${job.id} is ${job.status}`);
      // One commit may end a job and have it go on, or the other way round, when a task of it is retried.
      const wentOn = events.some((e) => e.type === 'TaskReopened' && e.job === job.id);
      if (endings !== ended && !(wentOn && endings <= 2))
        violated(`job '${job.id}' ended ${ended} times, and its history says ${endings} times`);
      if (isOver(job.status) && job.unfinished > 0)
        violated(`job '${job.id}' is ${job.status} with ${job.unfinished} unfinished tasks`);
      if (!isOver(job.status) && job.unfinished === 0 && job.open === 0)
        violated(`job '${job.id}' is ${job.status} although nothing is left to be done`);
    }
  }

  #checkOverlap(earlier: Execution, later: Execution): void {
    const { ends, endedAt } = this.account(earlier.taskId);
    const cause = ends.get(earlier.run);
    // A worker may begin what was taken from it a moment ago: it hears of that later.
    const takenAt = later.run < earlier.run ? endedAt.get(later.run) : undefined;
    const isAllowed =
      (takenAt !== undefined && this.#now() - takenAt <= UNHEARD) ||
      (cause !== undefined && (cause !== 'give back' || earlier.signal.aborted));
    if (!isAllowed)
      violated(
        `run ${later.run} of task '${later.taskId}' began on ${later.worker} while run ${earlier.run} ` +
          `was under way on ${earlier.worker}${cause === undefined ? '' : ` (${cause})`}`,
      );
  }
}
