import type { DagConfig } from '../config/model.ts';
import type { NodeDefinition } from '../graph/model.ts';
import { NodeFlag } from '../graph/topology.ts';
import type { RunState } from './state.ts';
import { isSettled, Status, statusName, type NodeStatus } from './status.ts';

export type ReasonKind =
  | 'dependency'
  | 'condition'
  | 'disabled'
  | 'paused'
  | 'slot'
  | 'hooks'
  | 'run'
  | 'attempt'
  | 'retry'
  | 'failure'
  | 'handler'
  | 'waiting'
  | 'answer'
  | 'cancelled'
  | 'cache'
  | 'growth'
  | 'inputs';

/** One fact that a node's state follows from. */
export interface Reason {
  readonly kind: ReasonKind;
  readonly text: string;
  /** The other node that it is about. */
  readonly nodeId?: string;
}

/** Why a node is as it is. */
export interface Explanation {
  readonly runId: string;
  readonly nodeId: string;
  readonly status: NodeStatus;
  /** One sentence. */
  readonly summary: string;
  readonly reasons: readonly Reason[];
}

const time = (ms: number): string => new Date(ms).toISOString();

const quoted = (ids: readonly string[]): string => {
  const most = 5;
  const shown = ids.slice(0, most).map((id) => `'${id}'`);
  return ids.length > most ? `${shown.join(', ')} and ${ids.length - most} more` : shown.join(', ');
};

/** What is wrong with a dependency, back to where it began. */
const rootCause = (state: RunState, n: number): string => {
  const id = state.topology.idOf(n);
  const notes = state.notes.get(n);
  switch (state.status[n]) {
    case Status.FAILED:
      return `'${id}' failed: ${notes?.error?.message ?? 'unknown'}`;
    case Status.CANCELLED:
      return `'${id}' was cancelled${notes?.reason === undefined ? '' : `: ${notes.reason}`}`;
    case Status.SKIPPED: {
      if (notes?.reason === 'condition') return `the condition of '${id}' was false`;
      if (notes?.reason === 'disabled') return `'${id}' is disabled`;
      const before = culprits(state, n)[0];
      return `'${id}' was skipped${before === undefined ? '' : `, because ${rootCause(state, before)}`}`;
    }
    default:
      return `'${id}' is ${statusName(state.status[n] as number)}`;
  }
};

/** Dependencies that ended without success and that the node needs. */
const culprits = (state: RunState, n: number): number[] =>
  state.topology
    .dependenciesOf(n)
    .filter(({ node, optional }) => {
      const status = state.status[node] as number;
      return !optional && isSettled(status) && status !== Status.SUCCEEDED;
    })
    .map(({ node }) => node);

const whyPending = (state: RunState, n: number): Reason[] =>
  state.topology.dependenciesOf(n).flatMap(({ node }): Reason[] => {
    const nodeId = state.topology.idOf(node);
    const status = state.status[node] as number;
    if (state.awaiting.has(node))
      return [
        { kind: 'hooks', nodeId, text: `'${nodeId}' has ended, and the hooks have yet to see it` },
      ];
    if (isSettled(status)) return [];
    return [{ kind: 'dependency', nodeId, text: `'${nodeId}' is ${statusName(status)}` }];
  });

const pauses = (state: RunState, n: number): Reason[] =>
  state.paused.holding(n).map(([root, reason]) => {
    const nodeId = state.topology.idOf(root);
    return {
      kind: 'paused',
      nodeId,
      text: `the branch of '${nodeId}' is paused${reason === null ? '' : `: ${reason}`}`,
    };
  });

const whyReady = (state: RunState, n: number, slots: number): Reason[] => {
  const held = pauses(state, n);
  if (held.length > 0) return held;
  const running = state.count(Status.RUNNING);
  return running >= slots
    ? [{ kind: 'slot', text: `${running} nodes run, and no more than ${slots} may` }]
    : [{ kind: 'run', text: 'it starts as soon as the run goes on' }];
};

const whySkipped = (state: RunState, n: number): Reason[] => {
  const reason = state.notes.get(n)?.reason;
  const { when } = state.topology.definitions[n] as NodeDefinition;
  if (reason === 'condition')
    return [{ kind: 'condition', text: `its condition was false: ${when ?? ''}` }];
  if (reason === 'disabled') return [{ kind: 'disabled', text: 'it is disabled' }];
  const found = culprits(state, n);
  // A join that counts is skipped when too few of its dependencies can still succeed.
  const counted = ((state.topology.flags[n] as number) & NodeFlag.COUNTED) !== 0;
  return [
    ...(counted
      ? [{ kind: 'dependency', text: 'too few of its dependencies succeeded' } as const]
      : []),
    ...found.map((node): Reason => ({
      kind: 'dependency',
      nodeId: state.topology.idOf(node),
      text: rootCause(state, node),
    })),
  ];
};

const whyStarted = (state: RunState, n: number): Reason[] => {
  const dependencies = state.topology.dependenciesOf(n);
  const { when } = state.topology.definitions[n] as NodeDefinition;
  const condition: Reason[] =
    when === undefined ? [] : [{ kind: 'condition', text: `its condition was true: ${when}` }];
  if (dependencies.length === 0)
    return [{ kind: 'dependency', text: 'it depends on no node' }, ...condition];
  const ids = dependencies
    .filter(({ node }) => state.status[node] === Status.SUCCEEDED)
    .map(({ node }) => state.topology.idOf(node));
  const text =
    ids.length === dependencies.length
      ? `all that it depends on succeeded: ${quoted(ids)}`
      : `of ${dependencies.length} dependencies ${ids.length} succeeded${ids.length === 0 ? '' : ` (${quoted(ids)})`}, and it needs no more`;
  return [{ kind: 'dependency', text }, ...condition];
};

const attempts = (state: RunState, n: number): Reason[] =>
  (state.notes.get(n)?.retries ?? []).map(({ attempt, error, at }) => ({
    kind: 'retry',
    text: `attempt ${attempt} failed at ${time(at)}: ${error.message}`,
  }));

const answers = (state: RunState, n: number): Reason[] => {
  const answer = state.notes.get(n)?.answer;
  if (answer === undefined) return [];
  const by = answer.by === null ? '' : ` by ${answer.by}`;
  const why = answer.reason === null ? '' : `: ${answer.reason}`;
  return [{ kind: 'answer', text: `it was answered with '${answer.decision}'${by}${why}` }];
};

const handler = (state: RunState, n: number): Reason[] => {
  const note = state.notes.get(n)?.handler;
  if (note === undefined) return [];
  const { failure } = state.topology.definitions[n] as NodeDefinition;
  const how = note.status === 'failed' ? `failed: ${note.error.message}` : `is ${note.status}`;
  return [{ kind: 'handler', text: `its failure action '${failure ?? ''}' ${how}` }];
};

/** How the node came to be, and with which inputs. */
const origin = (state: RunState, n: number): Reason[] => {
  const by = state.addedBy.get(n);
  const set = state.notes.get(n)?.inputs;
  const nodeId = by === undefined ? undefined : state.topology.idOf(by);
  return [
    ...(nodeId === undefined
      ? []
      : [{ kind: 'growth', nodeId, text: `a hook added it on account of '${nodeId}'` } as const]),
    ...(set === undefined
      ? []
      : [
          {
            kind: 'inputs',
            text: `a command set its inputs ${quoted(Object.keys(set))}`,
          } as const,
        ]),
  ];
};

/** Why nothing starts in the run, if nothing does. */
const standstill = (state: RunState): Reason[] => {
  const { finished, halt } = state;
  if (finished !== undefined)
    return [
      {
        kind: 'run',
        text: `the run ended as ${finished.status}${finished.error === undefined ? '' : `: ${finished.error.message}`}`,
      },
    ];
  return halt === undefined
    ? []
    : [{ kind: 'run', text: `the run is about to end as ${halt.status}: ${halt.error.message}` }];
};

const because = (state: RunState, n: number, config: DagConfig): Reason[] => {
  switch (state.status[n]) {
    case Status.PENDING:
      return [...whyPending(state, n), ...pauses(state, n), ...standstill(state)];
    case Status.READY:
      return [...standstill(state), ...whyReady(state, n, config.maxParallelNodes)];
    case Status.RUNNING:
      return [
        {
          kind: 'attempt',
          text: `attempt ${state.attempt[n]} began at ${time(state.startedAt[n] as number)}`,
        },
        ...whyStarted(state, n),
      ];
    case Status.RETRYING: {
      const last = state.notes.get(n)?.retries.at(-1);
      const due = (last?.at ?? 0) + (last?.delay ?? 0);
      return [
        {
          kind: 'retry',
          text: `attempt ${state.attempt[n]} failed; the next is due at ${time(due)}`,
        },
      ];
    }
    case Status.WAITING: {
      const wait = state.waits.get(n);
      const until =
        wait === undefined || wait.request.due === null ? '' : ` until ${time(wait.request.due)}`;
      return wait === undefined
        ? []
        : [
            {
              kind: 'waiting',
              text: `it asks since ${time(wait.since)}${until}: ${wait.request.prompt}`,
            },
          ];
    }
    case Status.SUCCEEDED:
      return whyStarted(state, n);
    case Status.FAILED:
      return [
        { kind: 'failure', text: state.notes.get(n)?.error?.message ?? 'unknown' },
        ...handler(state, n),
      ];
    case Status.SKIPPED:
      return whySkipped(state, n);
    default:
      return [{ kind: 'cancelled', text: state.notes.get(n)?.reason ?? 'it was cancelled' }];
  }
};

const LEADS: { readonly [S in NodeStatus]: string } = {
  pending: 'waits',
  ready: 'may start and has not',
  running: 'is running',
  retrying: 'waits for another attempt',
  waiting: 'waits for a person',
  succeeded: 'ran',
  failed: 'failed',
  skipped: 'was skipped',
  cancelled: 'was cancelled',
};

/**
 * Why a node is as it is, from the state of its run alone.
 * @param more what storage knows beside it, such as why an earlier result could not be used
 */
export const explainNode = (
  runId: string,
  state: RunState,
  n: number,
  config: DagConfig,
  more: readonly Reason[] = [],
): Explanation => {
  const nodeId = state.topology.idOf(n);
  const status = statusName(state.status[n] as number);
  const reasons = because(state, n, config);
  const cached = state.notes.get(n)?.cached === true;
  const lead = cached ? 'took the outputs of an earlier run' : LEADS[status];
  const [first] = reasons;
  return {
    runId,
    nodeId,
    status,
    summary: `'${nodeId}' ${lead}${first === undefined ? '' : `: ${first.text}`}`,
    reasons: [
      ...reasons,
      ...more,
      ...attempts(state, n),
      ...answers(state, n),
      ...origin(state, n),
    ],
  };
};
