import { writeSync } from 'node:fs';
import { openStorage, type Storage } from '@dagger/core';
import { interposed } from '../interposed.ts';
import type { Account } from './account.ts';
import { play, type AnyCrashScenario } from './play.ts';
import { note, type SessionMark } from './side-effects.ts';

/** Before the commit begins, or after it is durable and before anybody knows. */
export type Side = 'before' | 'after';

/** A scenario in one storage. */
export interface Session {
  readonly storage: string;
  /** The file of side effects. */
  readonly effects: string;
}

/** What a process is to do: first go on with what another left, then run until it dies. */
export interface Order {
  /** The URL of the module of the scenario. */
  readonly scenario: string;
  readonly resume?: Session;
  readonly run?: Session & { readonly die?: { readonly commit: number; readonly side: Side } };
}

/** What a process says of a session that it took to the end. */
export interface SessionResult {
  readonly kind: 'resume' | 'run';
  readonly account: Account;
  readonly commits: number;
}

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  // The signal ends the process before this wait does.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('the process outlived SIGKILL');
};

const session = async (
  scenario: AnyCrashScenario,
  { storage: url, effects }: Session,
  kind: SessionResult['kind'],
  point: { readonly commit: number; readonly side: Side } | undefined,
): Promise<SessionResult> => {
  const bare = await openStorage(url);
  let commits = 0;
  const storage: Storage = interposed(bare, async (work) => {
    const here = ++commits === point?.commit ? point.side : undefined;
    if (here === 'before') die();
    const done = await work();
    if (here === 'after') die();
    return done;
  });
  note<SessionMark>(effects, { type: 'session' });
  const account = await play(scenario, { bare, storage, effects });
  await bare.close();
  return { kind, account, commits };
};

/** The main program of a process of the harness. @internal */
export const crashChild = async (text: string): Promise<void> => {
  const order = JSON.parse(text) as Order;
  const { scenario } = (await import(order.scenario)) as { readonly scenario: AnyCrashScenario };
  const say = (result: SessionResult): void => void writeSync(1, `${JSON.stringify(result)}\n`);
  if (order.resume !== undefined) say(await session(scenario, order.resume, 'resume', undefined));
  if (order.run !== undefined) say(await session(scenario, order.run, 'run', order.run.die));
};

/** The module that a process imports to run `crashChild`. */
export const childModule: string = import.meta.url;
