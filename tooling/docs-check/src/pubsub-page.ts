import { readdirSync, readFileSync } from 'node:fs';
import { constantIn, fieldsOf } from './fields.ts';
import { withMadeParts } from './made-parts.ts';
import { table } from './markdown-table.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const source = (path: string): string => read(`packages/pubsub/src/${path}`);

const MEANINGS: Readonly<Record<string, string>> = {
  AGENT_DUPLICATE: 'an agent of that name is there already',
  AGENT_FAILED: 'an agent threw something without a code of its own; in reports and dead letters',
  AGENT_INVALID: 'the definition of an agent is wrong; names the field',
  AGENT_UNKNOWN: 'there is no agent of that name to remove',
  ATTEMPT_OVER: 'a handler publishes after its attempt has ended',
  ATTEMPT_TIMEOUT: 'an attempt took longer than it may',
  BUS_CLOSED: 'the bus, or its transport, was closed',
  CHANNEL_DEADLOCK: 'all who could make room wait for some themselves',
  CHANNEL_FULL: 'there is no room for a message, and its receivers do not have publishers wait',
  CHANNEL_INVALID: 'the name or pattern of a channel is wrong; says why',
  CHANNEL_NOT_ALLOWED: 'an agent publishes to a channel that is not among its publications',
  CIRCUIT_OPEN: 'too many attempts failed in a row; by `circuitBreaker`',
  CONFIG_INVALID: 'an option is wrong; names it and its bound',
  DELIVERY_LOST:
    'a message was taken from a receiver that looked dead and another one has it, or its group was removed',
  GROUP_BUSY:
    'a group that is to be removed is read by a process that lives, or that has messages of it; names it',
  GROUP_MISMATCH: 'agents of one group have different subscriptions',
  GROUP_UNKNOWN:
    'there is no group of that name, to replay to or to remove; names the one that may be meant',
  LIMIT_REACHED: 'a message would exceed a limit of its tree, which is stopped by that',
  MESSAGE_INVALID:
    'a message is not what its publisher promised or a receiver wants; names channel, path and value',
  NOT_JSON: 'a payload is not JSON; names the place',
  REJECTED: 'a person rejected it; in dead letters',
  REVIEW_UNKNOWN: 'no message of that id waits for a person',
  STORAGE_FAILED: 'the database or the server does not do what it must, and was asked for a while',
  STORAGE_MISSING: 'the package of a storage is not installed',
  STORAGE_URL: 'the URL of a storage is wrong',
  TREE_STOPPED: 'a limit, a cancellation or the end of the bus stopped a tree; in reports',
  TREE_TIMEOUT: 'the time of a tree is over; in reports',
};

/** Where codes come from: the packages of channels, and what they call. */
const FOLDERS: readonly string[] = ['packages/pubsub/src', 'packages/adapters/nats/src'];
const CALLED: readonly string[] = ['NOT_JSON', 'STORAGE_MISSING', 'STORAGE_URL'];

const codesThrown = (): ReadonlySet<string> => {
  const known = new Set(read('packages/core/src/errors.ts').match(/(?<=^ {2}\| ')[A-Z_]+/gm));
  const found = new Set(CALLED);
  for (const folder of FOLDERS)
    for (const path of readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }))
      if (path.endsWith('.ts') && !path.endsWith('.test.ts'))
        for (const [, code] of read(`${folder}/${path}`).matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g))
          if (code !== undefined && known.has(code)) found.add(code);
  return found;
};

/** @throws Error where a code is thrown that the page does not know, or the other way round */
const errors = (): string => {
  const thrown = codesThrown();
  const unknown = [...thrown].filter((code) => !(code in MEANINGS));
  const unused = Object.keys(MEANINGS).filter((code) => !thrown.has(code));
  if (unknown.length + unused.length > 0)
    throw new Error(`codes without a meaning: ${unknown.join()}; never thrown: ${unused.join()}`);
  return table(
    ['code', 'meaning'],
    Object.entries(MEANINGS).map(([code, meaning]) => [`\`${code}\``, meaning]),
  );
};

const rows = (path: string, name: string): readonly (readonly string[])[] =>
  fieldsOf(source(path), name).map((field) => [`\`${field.name}\``, field.comment]);

const fields =
  (path: string, name: string, heading = 'option') =>
  (): string =>
    table([heading, 'meaning'], rows(path, name));

const seconds = (path: string, name: string): string =>
  `${constantIn(source(path), name) / 1_000} s`;

const times = (): string =>
  table(
    ['time', 'how long'],
    [
      ['a lease after the last sign of life', seconds('durable/lease.ts', 'LEASE')],
      ['between two signs of life', seconds('durable/lease.ts', 'BEAT')],
      ['between two looks for what is left of others', seconds('durable/upkeep.ts', 'ROUND')],
      ['between two times that messages are pruned', seconds('durable/upkeep.ts', 'PRUNE')],
      [
        'a commit is tried again while the database is away, before `STORAGE_FAILED`',
        seconds('durable/patience.ts', 'PATIENCE'),
      ],
    ],
  );

/** docs/pubsub.md: written by hand, but for what the code knows better. */
export const pubsubPage = (): string =>
  withMadeParts(read('docs/pubsub.md'), {
    agent: () =>
      table(
        ['field', 'meaning'],
        [
          ...rows('agent/agent.ts', 'PubSubAgent'),
          ...rows('channel/options.ts', 'QueueOptions').map(([name = '', meaning = '']) => [
            name,
            `${meaning} See [below](#when-there-is-no-room).`,
          ]),
        ],
      ),
    context: fields('agent/context.ts', 'PubSubContext', 'in the context'),
    report: fields('executor/report.ts', 'PubSubReport', 'in the report'),
    limits: fields('executor/options.ts', 'TreeLimits', 'limit'),
    review: fields('executor/options.ts', 'ReviewOptions', 'of `review`'),
    storage: fields('durable/storage-transport.ts', 'StorageTransportOptions'),
    times,
    errors,
    options: fields('executor/options.ts', 'PubSubOptions'),
    execute: fields('executor/pubsub-executor.ts', 'ExecuteOptions', 'of `execute`'),
    publish: fields('executor/channel-face.ts', 'PublishOptions', 'of `publish`'),
  });
