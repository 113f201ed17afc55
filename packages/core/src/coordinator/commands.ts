import { DaggerError, toErrorData } from '../errors.ts';
import { Depths } from '../graph/depth.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { RunEvent } from '../run/events.ts';
import type { InboxMessage } from '../storage/inbox.ts';
import { commandEvent, describeCommand } from './carry-out.ts';
import { CommandLine } from './command-line.ts';
import type { Outcomes } from './outcomes.ts';
import type { Session } from './session.ts';
import type { Stopping } from './stopping.ts';

export interface CommandsParts {
  readonly session: Session;
  readonly outcomes: Outcomes;
  readonly stopping: Stopping;
  /** How many commands may wait for their turn. */
  readonly capacity: number;
}

/** Carries out what a run is told to do: by whoever has a handle on it, by other processes, by its hooks. */
export class Commands {
  readonly #session: Session;
  readonly #outcomes: Outcomes;
  readonly #stopping: Stopping;
  readonly #line: CommandLine;
  readonly #depths: Depths = new Depths();
  readonly #ids: { readonly ids: { readonly runId: string } };

  constructor({ session, outcomes, stopping, capacity }: CommandsParts) {
    this.#session = session;
    this.#outcomes = outcomes;
    this.#stopping = stopping;
    this.#line = new CommandLine(capacity, session.runId);
    this.#ids = { ids: { runId: session.runId } };
  }

  /** Commands from outside that wait for their turn. */
  get waiting(): number {
    return this.#line.waiting;
  }

  /** Resolves once a command is carried out and durable. @throws DaggerError COMMAND_REJECTED */
  send(command: ExecutorCommand): Promise<void> {
    return this.#line.send((acknowledge) => this.#submit(command, acknowledge));
  }

  /** Like `send`; false when the session came to its end before the command had its turn. */
  offer(command: ExecutorCommand): Promise<boolean> {
    return this.#line.offer((acknowledge) => this.#submit(command, acknowledge));
  }

  #submit(command: ExecutorCommand, acknowledge: (error?: unknown) => void): void {
    this.#session.turns.post(() => {
      this.#line.taken();
      try {
        this.#carryOut(command);
        this.#session.turns.afterwards(() => acknowledge());
      } catch (error) {
        acknowledge(error);
      }
    });
  }

  /** Carries out a command, or records why not. */
  obey(
    command: ExecutorCommand,
    by: string,
    { n, message }: { readonly n?: number | undefined; readonly message?: string } = {},
  ): void {
    try {
      this.#carryOut(command, n);
    } catch (error) {
      this.#session.emit({
        type: 'CommandRejected',
        at: this.#session.turns.now,
        command: describeCommand(command),
        by,
        ...(message === undefined ? {} : { message }),
        error: toErrorData(error, 'COMMAND_REJECTED'),
      });
    }
  }

  /** @throws DaggerError COMMAND_REJECTED, LIMIT_REACHED, NOT_JSON */
  #carryOut(command: ExecutorCommand, by?: number): void {
    const event = this.#eventOf(command, by);
    if (event.type === 'RunStopping')
      return this.#stopping.begin(
        event,
        new DaggerError('CANCELLED', event.error.message, this.#ids),
      );
    this.#session.emit(event);
    if (event.type === 'InputGiven') this.#outcomes.waiting(event.n);
  }

  /** A command from another process: carried out and taken off the inbox in one commit. */
  receive({ id, command }: InboxMessage): void {
    this.#session.turns.post(() => {
      this.obey(command, 'inbox', { message: id });
      this.#session.turns.taken(id);
    });
  }

  #eventOf(command: ExecutorCommand, by?: number): RunEvent {
    return commandEvent(command, {
      by,
      state: this.#session.state,
      registry: this.#session.registry,
      now: this.#session.turns.now,
      limits: this.#session.config,
      depths: this.#depths,
    });
  }

  /** @param error what broke the session off, if anything did */
  close(error?: unknown): void {
    this.#line.close(error);
  }
}
