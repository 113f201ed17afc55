import type { DaggerError } from '../errors.ts';
import type { RunView } from '../hooks/hook.ts';
import type { ExecutionEvent } from '../run/public-events.ts';
import { Status } from '../run/status.ts';
import type { Commands } from './commands.ts';
import type { HookHost } from './hook-gate.ts';
import type { HookAnswer } from './hook-line.ts';
import type { Session } from './session.ts';
import type { Stopping } from './stopping.ts';

/** The run as its hooks change it. */
export class HookSurroundings implements HookHost {
  readonly #session: Session;
  readonly #commands: Commands;
  readonly #stopping: Stopping;

  constructor(session: Session, commands: Commands, stopping: Stopping) {
    this.#session = session;
    this.#commands = commands;
    this.#stopping = stopping;
  }

  get committed(): number {
    return this.#session.turns.committed;
  }

  get seen(): number {
    return this.#session.state.hooksSeen;
  }

  get concluded(): boolean {
    return this.#session.state.concluded;
  }

  get awaited(): boolean {
    return this.#session.state.awaiting.size > 0;
  }

  obey({ commands }: HookAnswer, about?: ExecutionEvent): void {
    if (commands.length === 0) return;
    const node = about === undefined ? undefined : nodeOf(about);
    const n = node === undefined ? undefined : this.#session.state.topology.numberOf(node);
    for (const { command, by } of commands) this.#commands.obey(command, by, { n });
  }

  markSeen(seq: number, parts?: number): void {
    this.#session.emit({
      type: 'HooksSeen',
      seq,
      ...(parts === undefined ? {} : { parts }),
      at: this.#session.turns.now,
    });
  }

  post(message: () => void): void {
    this.#session.turns.post(message);
  }

  hookFailed(error: DaggerError): void {
    this.#stopping.stop('failed', error);
  }

  /** Carries out what the hooks want at the end; whether the run can go on for it. */
  extended(answer: HookAnswer): boolean {
    const { state } = this.#session;
    const { nodeCount } = state;
    const paused = state.paused.size;
    const ready = state.count(Status.READY);
    if (state.halt === undefined) this.obey(answer);
    const extended =
      state.nodeCount > nodeCount ||
      state.paused.size < paused ||
      state.count(Status.READY) > ready;
    // Commands that bring no new work must not come a second time when this session is cut off.
    if (!extended && answer.commands.length > 0)
      this.#session.emit({ type: 'HooksConcluded', at: this.#session.turns.now });
    return extended;
  }
}

/** The run as its hooks see it. */
export const viewOf = ({ state, cache, config, registry }: Session): RunView =>
  Object.freeze({
    config,
    nodeOf: (id) => {
      const n = state.topology.numberOf(id);
      return n === undefined ? undefined : state.topology.definitions[n];
    },
    knowsAction: (name) => registry.contains(name),
    shared: (namespace) => cache.globalEntries(namespace),
  } satisfies RunView);

/** The node that an event is about. */
const nodeOf = (event: ExecutionEvent): string | undefined =>
  event.type === 'NodesAdded' ? event.nodes[0]?.id : 'nodeId' in event ? event.nodeId : undefined;
