import type { Logger } from '@dagger/core';
import type { TaskManager } from '@dagger/tasks';
import { SimulatedClock } from '@dagger/testing';
import type { AgentHost } from '../load/agents.ts';
import { chance, type Chance } from '../chance.ts';
import { Observer } from '../invariants/observer.ts';
import { Violation, violated } from '../invariants/violation.ts';
import type { Plan } from '../plan.ts';
import type { Database } from './database.ts';
import { Executions } from './executions.ts';
import { Gates, type Parked } from './gates.ts';
import { ProcessClock } from './process-clock.ts';
import { startProcess, type Process, type Tamper } from './process.ts';

/** Turns of the event loop in which everybody who may go on comes to rest. */
const TURNS = 3;

/** The processes of one schedule on their database, and the time that they share. */
export class World {
  readonly seed: string;
  readonly plan: Plan;
  readonly database: Database;
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly gates: Gates = new Gates();
  readonly observer: Observer;
  readonly trace: string[] = [];
  readonly workers: Process[] = [];
  readonly office: Process;
  /** Whether commits may go wrong. */
  isUnrest = true;
  readonly #executions: Executions = new Executions();
  readonly #random: Chance;
  readonly #tamper: Tamper | undefined;
  #failure: Violation | undefined;
  #actor: string | undefined;

  constructor(
    seed: string,
    plan: Plan,
    { database, tamper }: { readonly database: Database; readonly tamper?: Tamper | undefined },
  ) {
    this.seed = seed;
    this.plan = plan;
    this.database = database;
    this.#random = chance(`${seed} awakenings`);
    this.#tamper = tamper;
    this.observer = new Observer(database, {
      now: () => this.clock.now(),
      told: (line) => void this.trace.push(line),
    });
    this.office = this.#start('office', { works: false, knowsRare: true });
  }

  /** Everybody comes to rest; then it is looked at what they did. @throws Violation */
  async rest(): Promise<void> {
    await this.clock.settle(TURNS);
    if (this.#failure !== undefined) throw this.#failure;
    for (const lease of await this.observer.look(this.#actor)) this.#wake(lease);
    this.#actor = undefined;
  }

  /** Something happened that must not; the schedule ends with it. */
  readonly fail = (error: unknown): void => {
    this.#failure ??=
      error instanceof Violation
        ? error
        : new Violation(
            `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          );
  };

  get manager(): TaskManager {
    return this.office.manager ?? violated('the office has not opened');
  }

  // ——— processes ———

  startWorker(knowsRare: boolean): void {
    const name = `w${this.workers.length + 1}`;
    this.trace.push(`${name} starts`);
    this.workers.push(this.#start(name, { works: true, knowsRare }));
  }

  #start(name: string, what: { readonly works: boolean; readonly knowsRare: boolean }): Process {
    const clock = new ProcessClock(this.clock);
    return startProcess(name, {
      seed: this.seed,
      plan: this.plan,
      storage: this.database.storage,
      gates: this.gates,
      clock,
      logger: this.#logger(name),
      began: this.#began(name),
      faults: () => this.isUnrest && name !== 'office',
      tamper: this.#tamper,
      ...what,
    });
  }

  #logger(name: string): Logger {
    const isFaulty = this.plan.lostAnswers > 0 || this.plan.refusals > 0;
    return (level, message, fields) => {
      if (level !== 'error' && level !== 'warn') return;
      const line = `${name}: ${message} ${JSON.stringify(fields)}`;
      this.trace.push(`  ${line}`);
      if (!isFaulty && !message.startsWith('this worker was presumed dead'))
        this.fail(new Violation(line));
    };
  }

  #began(worker: string): AgentHost['began'] {
    return (ctx) => {
      const execution = { taskId: ctx.taskId, run: ctx.run, worker, signal: ctx.signal };
      this.trace.push(`  ${worker} runs ${ctx.taskId} (run ${ctx.run})`);
      this.observer.began(execution);
      for (const earlier of this.#executions.began(execution))
        this.observer.overlap(earlier, execution);
      return () => this.#executions.ended(execution);
    };
  }

  freeze(worker: Process, ms: number): void {
    this.trace.push(`${worker.name} is frozen for ${ms} ms`);
    worker.state = 'frozen';
    worker.thawAt = this.clock.now() + ms;
    worker.clock.freeze();
  }

  thaw(worker: Process): void {
    this.trace.push(`${worker.name} goes on`);
    worker.state = 'alive';
    worker.clock.thaw();
  }

  /** Its tasks were just taken from it: now its late writes hurt most, while whoever took them is slow to begin. */
  #wake(lease: string): void {
    if (!this.isUnrest || !this.#random.happens(this.plan.awakenings)) return;
    const name = this.observer.owner(lease);
    const now = this.clock.now();
    for (const worker of this.inState('frozen'))
      if (worker.name === name)
        worker.thawAt = Math.min(worker.thawAt, now + this.#random.whole(1, 300));
    for (const parked of this.gates.parked) {
      if (parked.who === name) parked.until = now;
      else if (parked.who === this.#actor && parked.isBack)
        this.hold(parked, this.#random.whole(500, 5_000));
    }
  }

  kill(worker: Process): void {
    this.trace.push(`${worker.name} dies`);
    worker.state = 'dead';
    worker.clock.die();
    this.gates.forget(worker.name);
    this.#executions.forget(worker.name);
  }

  close(worker: Process): void {
    this.trace.push(`${worker.name} closes`);
    worker.state = 'closing';
    worker.manager?.close().then(
      () => (worker.state = 'closed'),
      (error: unknown) => {
        worker.state = 'closed';
        if (!this.isUnrest) this.fail(error);
      },
    );
  }

  inState(...states: Process['state'][]): readonly Process[] {
    return this.workers.filter(({ state }) => states.includes(state));
  }

  // ——— what goes on ———

  /** The commits that may go on: of those who are not frozen, and not held up. */
  get waiting(): readonly Parked[] {
    const now = this.clock.now();
    const frozen = new Set(this.inState('frozen').map(({ name }) => name));
    return this.gates.parked.filter(({ who, until }) => until <= now && !frozen.has(who));
  }

  letOn(parked: Parked): void {
    this.trace.push(`${parked.who} ${parked.what}`);
    if (!parked.isBack) this.#actor = parked.who;
    this.gates.letOn(parked);
  }

  /** A commit is slow, while its process goes on otherwise. */
  hold(parked: Parked, ms: number): void {
    this.trace.push(`${parked.who} ${parked.what}: held up for ${ms} ms`);
    parked.until = this.clock.now() + ms;
  }

  /** Time moves on to whatever is due next; false when nothing is. */
  async passTime(): Promise<boolean> {
    const before = this.clock.now();
    const frozen = this.inState('frozen');
    const held = this.gates.parked.filter(({ until }) => until > before);
    const thaw = Math.min(...frozen.map(({ thawAt }) => thawAt), ...held.map(({ until }) => until));
    const due = this.clock.nextDue ?? Number.POSITIVE_INFINITY;
    if (thaw === Number.POSITIVE_INFINITY && due === thaw) return false;
    if (due <= thaw) this.clock.fireNext();
    else await this.clock.advance(thaw - before);
    this.trace.push(`time +${this.clock.now() - before}`);
    for (const worker of frozen) if (worker.thawAt <= this.clock.now()) this.thaw(worker);
    return true;
  }
}
