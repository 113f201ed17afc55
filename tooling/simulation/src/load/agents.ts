import { DaggerError, NonRetryableError, type Clock, type JsonObject } from '@dagger/core';
import {
  ENDS,
  type AnyTaskAgent,
  type OnCrash,
  type StallReport,
  type TaskContext,
  type TaskSpec,
} from '@dagger/tasks';
import { chance, type Chance } from '../chance.ts';
import type { Script } from './script.ts';
import { taskOf, WORKING_AGENTS, type WorkingAgent } from './task.ts';

/** What agents know of the process that they run in. */
export interface AgentHost {
  readonly seed: string;
  readonly clock: Clock;
  /** Called when an agent begins; gives what is to be called at its end. */
  began(ctx: TaskContext<never>): () => void;
}

type Ctx = TaskContext<JsonObject & { readonly script: Script & JsonObject }>;

const ON_CRASH: { readonly [A in WorkingAgent]?: OnCrash } = { once: 'block', fragile: 'fail' };

/** The agents of a process. What each does is decided by its script and by the seed, never by the schedule. */
export const agentsOf = (
  host: AgentHost,
  { knowsRare }: { readonly knowsRare: boolean },
): AnyTaskAgent[] => {
  const working = WORKING_AGENTS.filter((name) => knowsRare || name !== 'rare').map(
    (name): AnyTaskAgent => ({
      name,
      ...(name === 'single' ? { concurrency: 1 } : {}),
      ...(ON_CRASH[name] === undefined ? {} : { onCrash: ON_CRASH[name] }),
      execute: (ctx) => observed(host, ctx, () => follow(ctx, host)),
    }),
  );
  return [
    ...working,
    { name: 'reviewer', execute: (ctx) => observed(host, ctx, () => review(ctx, host)) },
    { name: 'planner', execute: (ctx) => observed(host, ctx, () => plan(ctx, host)) },
  ];
};

const observed = async (
  host: AgentHost,
  ctx: TaskContext<never>,
  work: () => Promise<unknown>,
): Promise<unknown> => {
  const ended = host.began(ctx);
  try {
    return await work();
  } finally {
    ended();
  }
};

const pause = ({ clock }: AgentHost, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });

const follow = async (ctx: Ctx, host: AgentHost): Promise<JsonObject> => {
  const { script } = ctx.input;
  const random = chance(`${host.seed} ${ctx.taskId}`);
  const signal = script.ignoresSignal ? undefined : ctx.signal;
  if (script.writes) ctx.state.append('log', `${ctx.taskId}#${ctx.run}`);
  if (script.tokens > 0) ctx.useTokens(script.tokens);
  if (script.before > 0) await pause(host, script.before, signal);
  ctx.progress(0.5);
  for (let i = 0; i < script.spawns; i++) await ctx.spawn(child(random, ctx, `s${i}`));
  if (script.cancels !== null)
    await ctx.cancel(firstTask(ctx, script.cancels), 'an agent wanted it').catch(unlessLost);
  try {
    await requireAll(ctx, random, host.seed);
    await needFirst(ctx);
    if (chance(`${host.seed} ${ctx.taskId} ${ctx.run}`).happens(script.asks))
      await ctx.block('somebody must decide');
  } catch (error) {
    if (!script.swallows) throw error;
  }
  if (ctx.attempt <= script.failures) {
    const message = `attempt ${ctx.attempt} fails as planned`;
    throw script.isFinal ? new NonRetryableError(message) : new Error(message);
  }
  if (script.after > 0) await pause(host, script.after, signal);
  return { by: ctx.taskId, run: ctx.run };
};

const firstTask = ({ jobId }: Ctx, number: number): string => `${jobId}/t${number}`;

/** What the job refuses changes nothing for the agent; the end of its attempt does. */
const unlessLost = (error: unknown): void => {
  const code = error instanceof DaggerError ? error.code : '';
  if (!['TASK_UNKNOWN', 'TASK_CYCLE', 'TASK_STATE'].includes(code)) throw error;
};

const child = (random: Chance, { taskId }: Ctx, key: string): TaskSpec =>
  taskOf(random, { key, depth: taskId.split('/').length - 1, first: 5 });

const requireAll = async (ctx: Ctx, random: Chance, seed: string): Promise<void> => {
  const { requires, shares, oneByOne, takesFailures } = ctx.input.script;
  const specs = [
    ...Array.from({ length: requires }, (_, i) => child(random, ctx, `c${i}`)),
    // Whoever asks for a shared task first makes it; it is the same whoever that is.
    ...shares.map((n): TaskSpec => {
      const key = `shared${n}`;
      const made = taskOf(chance(`${seed} ${key}`), { key, depth: 2, first: 5 });
      return { ...made, agent: 'plain', parent: null };
    }),
  ];
  if (specs.length === 0) return;
  const ask = async (some: readonly TaskSpec[]): Promise<void> =>
    void (await (takesFailures ? ctx.settle(some) : ctx.require(some)));
  if (oneByOne) for (const spec of specs) await ask([spec]);
  else await ask(specs);
};

const needFirst = async (ctx: Ctx): Promise<void> => {
  const { needs } = ctx.input.script;
  if (needs === null) return;
  const id = firstTask(ctx, needs);
  const isEnded = async (): Promise<boolean> =>
    (await ctx.dependencies()).some(({ taskId, state }) => taskId === id && ENDS.includes(state));
  if (await isEnded()) return;
  let refused = false;
  await ctx.addDependency(id, { onFailure: 'continue' }).catch((error: unknown) => {
    unlessLost(error);
    refused = true;
  });
  if (!refused) await ctx.block();
};

const review = async (ctx: TaskContext<never>, host: AgentHost): Promise<JsonObject> => {
  const random = chance(`${host.seed} ${ctx.taskId}`);
  await pause(host, random.whole(1, 1_500), ctx.signal);
  const verdict = random.weighed(
    (
      [
        ['accept', 6],
        ['reject', 3],
        ['final', 1],
        ['fail', 1],
        ['nonsense', 1],
      ] as const
    ).map(([what, weight]) => [what, weight] as const),
  );
  if (verdict === 'fail') throw new Error('the reviewer fails as planned');
  if (verdict === 'nonsense') return { accept: 'perhaps' };
  if (verdict === 'accept') return { accept: true };
  return {
    accept: false,
    reason: 'not good enough',
    ...(verdict === 'final' ? { final: true } : {}),
  };
};

const plan = async (ctx: TaskContext<never>, host: AgentHost): Promise<JsonObject> => {
  const random = chance(`${host.seed} ${ctx.taskId}`);
  await pause(host, random.whole(1, 1_500), ctx.signal);
  const { tasks } = ctx.input as unknown as StallReport;
  for (const { taskId, state } of tasks) {
    const what = random.pick(['cancel', 'reopen', 'nothing'] as const);
    if (what === 'cancel') await ctx.cancel(taskId, 'not worth it').catch(unlessLost);
    else if (what === 'reopen' && state === 'blocked') await ctx.reopen(taskId).catch(unlessLost);
  }
  if (random.happens(0.1)) throw new NonRetryableError('the planner fails as planned');
  return {};
};
