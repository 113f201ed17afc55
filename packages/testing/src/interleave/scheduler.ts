import { DaggerError } from '@dagger/core';
import { seededRandom, type Random } from '../seeded-random.ts';
import { SimulatedClock } from '../simulated-clock.ts';

export interface SchedulerOptions {
  /** Decides who goes on. The same seed and the same test give the same order. */
  readonly seed: number | string;
  /** Pass it to the executor too. Default: a new one. */
  readonly clock?: SimulatedClock;
  /**
   * Milliseconds: a timer that is due so soon is one of those who may be picked, so that time passes while others are
   * parked. Default 0: time passes when nobody is parked.
   */
  readonly timersWithin?: number;
  /** Turns of Node's event loop that whoever was picked has, before the next is picked. Default 8. */
  readonly turns?: number;
}

interface Parked {
  readonly label: string;
  readonly goOn: () => void;
}

/**
 * Chooses the order in which concurrent things go on. Whoever calls `step` is parked until the scheduler picks it, one at a
 * time, by its seed; so one seed is one interleaving of actions, commits and commands, and it can be replayed.
 *
 * What is driven must need nothing but the event loop, the steps and the clock: SQLite is fine, a server elsewhere answers
 * when it likes.
 */
export class Scheduler {
  readonly clock: SimulatedClock;
  readonly seed: number | string;
  readonly #random: Random;
  readonly #timersWithin: number;
  readonly #turns: number;
  #parked: Parked[] = [];
  #driving = false;
  readonly #trace: string[] = [];

  constructor({
    seed,
    clock = new SimulatedClock(),
    timersWithin = 0,
    turns = 8,
  }: SchedulerOptions) {
    this.seed = seed;
    this.clock = clock;
    this.#random = seededRandom(`scheduler ${seed}`);
    this.#timersWithin = timersWithin;
    this.#turns = turns;
  }

  /** Who was picked, in order; a jump of time is `time +<milliseconds>`. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  /** Parks the caller until it is picked. Outside of `run` nobody picks, and the caller goes on at once. */
  readonly step = (label: string): Promise<void> =>
    this.#driving
      ? new Promise((goOn) => void this.#parked.push({ label, goOn }))
      : Promise.resolve();

  /** One of `items`, by the seed. @throws DaggerError CONFIG_INVALID when there is none */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new DaggerError('CONFIG_INVALID', 'pick needs at least one item');
    return items[Math.floor(this.#random() * items.length)] as T;
  }

  /**
   * Runs `main`, and picks among the parked until it settles. Then whoever is still parked goes on by itself.
   * @throws DaggerError TEST_DEADLOCK when `main` is not done while nobody is parked and no timer is set
   */
  async run<T>(main: () => Promise<T>): Promise<T> {
    this.#driving = true;
    try {
      const work = main();
      const seen = { settled: false };
      const settled = (): void => void (seen.settled = true);
      work.then(settled, settled);
      await this.clock.settle(this.#turns);
      while (!seen.settled) {
        this.#next();
        await this.clock.settle(this.#turns);
      }
      return await work;
    } finally {
      this.#driving = false;
      for (const { goOn } of this.#parked.splice(0)) goOn();
    }
  }

  #next(): void {
    const due = this.clock.nextDue;
    const soon = due !== undefined && due - this.clock.now() < this.#timersWithin;
    const choices = this.#parked.length + (soon ? 1 : 0);
    const choice = Math.floor(this.#random() * choices);
    const [picked] = this.#parked.splice(choice, 1);
    if (picked !== undefined) {
      this.#trace.push(picked.label);
      picked.goOn();
    } else if (due !== undefined) this.#passTime();
    else
      throw new DaggerError(
        'TEST_DEADLOCK',
        'nobody is parked at a step, no timer is set, and the work is not done',
      );
  }

  #passTime(): void {
    const before = this.clock.now();
    this.clock.fireNext();
    this.#trace.push(`time +${this.clock.now() - before}`);
  }
}
