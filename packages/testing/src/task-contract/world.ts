import type { Storage } from '@dagger/core';
import { TaskManager, type TaskManagerOptions } from '@dagger/tasks';
import { onTestFinished } from 'vitest';
import { SimulatedClock } from '../simulated-clock.ts';
import { taskInvariants } from '../tasks/index.ts';
import type { TaskContract } from './features.ts';
import { SharedPlace } from './place.ts';
import { Traffic } from './traffic.ts';

/** Simulated milliseconds after which a test has waited for too long. */
const LONGEST_WAIT = 1_200_000;

/** What one case has: empty tables, a clock that it moves itself, and managers that are closed when it ends. */
export class World {
  readonly storage: Storage;
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly #traffic: Traffic;
  readonly #opened: { readonly manager: TaskManager; readonly clock: SimulatedClock }[] = [];
  readonly #beside: () => Promise<Storage>;

  constructor(storage: Storage, beside: () => Promise<Storage>, traffic: Traffic) {
    this.storage = traffic.counted(storage);
    this.#beside = beside;
    this.#traffic = traffic;
  }

  /** Another storage on the same data where the contract has such, else the same one. */
  async beside(): Promise<Storage> {
    return this.#traffic.counted(await this.#beside());
  }

  /** A manager; on the storage and with the clock of the world unless the options say otherwise. */
  async manager(
    options: Omit<Partial<TaskManagerOptions>, 'clock'> & { readonly clock?: SimulatedClock } = {},
  ): Promise<TaskManager> {
    const clock = options.clock ?? this.clock;
    const manager = await TaskManager.open({
      storage: this.storage,
      heartbeatThread: false,
      drainSeconds: 1,
      pollMs: 1_000,
      ...options,
      clock,
    });
    this.#opened.push({ manager, clock });
    return manager;
  }

  /** Lets everything happen that needs no time. */
  quiet(): Promise<void> {
    return this.#traffic.ceases();
  }

  /** Waits for `work`; whenever it can only wait for time, time jumps to the next timer. */
  async until<T>(work: PromiseLike<T>, clock: SimulatedClock = this.clock): Promise<T> {
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    work.then(settled, settled);
    const begun = clock.now();
    for (;;) {
      await this.quiet();
      if (isSettled) return work;
      if (clock.now() - begun > LONGEST_WAIT) throw new Error('nothing came of it in time');
      if (!clock.fireNext()) throw new Error('it waits for something that is not time');
    }
  }

  /** Moves time on by `ms` milliseconds, from timer to timer, with everything that follows from each. */
  async pass(ms: number, clock: SimulatedClock = this.clock): Promise<void> {
    const due = clock.now() + ms;
    await this.quiet();
    while (clock.nextDue !== undefined && clock.nextDue <= due) {
      clock.fireNext();
      await this.quiet();
    }
    await clock.advance(due - clock.now());
  }

  async close(): Promise<void> {
    for (const { manager, clock } of this.#opened) await this.until(manager.close(), clock);
  }
}

/** The cases of a suite share a database: each finds it empty, and leaves nothing in it that must not be. */
export class Suite {
  readonly contract: TaskContract;
  readonly #shared: SharedPlace;

  constructor(contract: TaskContract) {
    this.contract = contract;
    this.#shared = new SharedPlace(contract);
  }

  async world(): Promise<World> {
    const shared = this.#shared;
    const world = new World(await shared.storage(), () => shared.beside(), new Traffic());
    onTestFinished(async () => {
      await world.close();
      const problems = await taskInvariants(await shared.storage(), { clock: world.clock });
      await shared.empty();
      if (problems.length > 0) throw new Error(problems.join('\n'));
    });
    return world;
  }

  async close(): Promise<void> {
    await this.#shared.close();
  }
}
