import { describe, expect, it } from 'vitest';
import { agent, object } from './agents.fixture.ts';
import { checkTopology } from './check.ts';

const kinds = (problems: ReturnType<typeof checkTopology>): readonly string[] =>
  problems.map(({ kind }) => kind);

describe('checkTopology finds nothing wrong', () => {
  it('with agents that hand on from a source to a sink', () => {
    const agents = [agent('load', ['urls'], ['pages.new']), agent('read', ['pages.*'], ['facts'])];
    expect(checkTopology(agents, { sources: ['urls'], sinks: ['>'] })).toEqual([]);
  });

  it('with nobody', () => {
    expect(checkTopology([])).toEqual([]);
  });

  it('with agents that do not say where they publish', () => {
    const agents = [
      agent('a', ['x'], undefined, { publications: undefined, output: { type: 'string' } }),
      agent('b', ['y'], undefined, { publications: undefined, input: { type: 'number' } }),
    ];
    expect(checkTopology(agents)).toEqual([]);
  });
});

describe('checkTopology tells of publications that nobody reads', () => {
  it('naming agent and channel', () => {
    expect(checkTopology([agent('a', ['in'], ['out.x', 'out.*'])], { sources: ['in'] })).toEqual([
      {
        kind: 'unread',
        agent: 'a',
        channel: 'out.x',
        message: "agent 'a' publishes to 'out.x', which nobody reads",
      },
      expect.objectContaining({ kind: 'unread', channel: 'out.*' }),
    ]);
  });

  it('but for those that are read outside', () => {
    const options = { sources: ['in'], sinks: ['out.>'] };
    expect(checkTopology([agent('a', ['in'], ['out.x', 'out.*'])], options)).toEqual([]);
  });

  it('counting its own group only if it receives its own', () => {
    const options = { sources: ['x'], hasHopLimit: true };
    const [problem, ...others] = checkTopology([agent('a', ['x'], ['x'])], options);
    expect(problem?.message).toMatch(/only its own group reads, without receiveOwn$/);
    expect(others).toEqual([]);
    expect(checkTopology([agent('a', ['x'], ['x'], { receiveOwn: true })], options)).toEqual([]);
    const group = [agent('a', ['x'], ['x'], { group: 'g' }), agent('b', ['x'], [], { group: 'g' })];
    expect(kinds(checkTopology(group, options))).toEqual(['unread']);
  });
});

describe('checkTopology tells of subscriptions to which nobody writes', () => {
  const agents = [agent('a', ['in'], ['out.x']), agent('b', ['out.*', 'odd.>'])];

  it('naming agent and channel', () => {
    expect(checkTopology(agents, { sources: ['in'] })).toEqual([
      {
        kind: 'unwritten',
        agent: 'b',
        channel: 'odd.>',
        message: "agent 'b' reads 'odd.>', to which nobody publishes",
      },
    ]);
  });

  it('but for those that are written from outside', () => {
    expect(checkTopology(agents, { sources: ['in', 'odd.one'] })).toEqual([]);
  });

  it('only when all agents say where they publish', () => {
    const open = agent('c', ['in'], undefined, { publications: undefined });
    expect(checkTopology([...agents, open])).toEqual([]);
  });
});

describe('checkTopology tells of payloads that cannot be right', () => {
  const output = object({ user: object({ id: { type: 'number' } }) });
  const input = object({ user: object({ id: { type: 'string' } }) });
  const options = { sources: ['in'] };

  it('naming both agents, the channel, the path and the reason', () => {
    const agents = [
      agent('a', ['in'], ['out.x', 'out.y'], { output }),
      agent('b', ['out.*'], [], { input }),
    ];
    expect(checkTopology(agents, options)).toEqual([
      {
        kind: 'incompatible',
        publisher: 'a',
        subscriber: 'b',
        channel: 'out.x',
        path: 'user.id',
        reason: 'the output is number, the input must be string',
        message:
          "agent 'b' can accept nothing of what agent 'a' publishes to 'out.x': user.id: the output is number, the input must be string",
      },
    ]);
  });

  it('not of agents that do not reach each other, or have no schema', () => {
    const apart = [agent('a', ['in'], ['in2'], { output }), agent('b', ['in'], [], { input })];
    expect(checkTopology(apart, { ...options, sinks: ['in2'] })).toEqual([]);
    const without = [agent('a', ['in'], ['out']), agent('b', ['out'], [], { input })];
    expect(checkTopology(without, options)).toEqual([]);
  });

  it('not where a Standard Schema cannot tell what it is', () => {
    const silent = { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 1 }) } };
    const agents = [
      agent('a', ['in'], ['out'], { output: { type: 'string' } }),
      agent('b', ['out'], [], { input: silent as never }),
    ];
    expect(checkTopology(agents, options)).toEqual([]);
  });

  it('by what a Standard Schema lets in, for messages are sent as they were', () => {
    const telling = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ value: 1 }),
        jsonSchema: { input: () => ({ type: 'string' }), output: () => ({ type: 'number' }) },
      },
    };
    const agents = [
      agent('a', ['in'], ['out'], { output: telling as never }),
      agent('b', ['out'], [], { input: { type: 'number' } }),
    ];
    expect(kinds(checkTopology(agents, options))).toEqual(['incompatible']);
  });
});

describe('checkTopology tells of cycles', () => {
  const ring = [
    agent('a', ['start', 'c.out'], ['a.out']),
    agent('b', ['a.*'], ['b.out']),
    agent('c', ['b.>'], ['c.out']),
  ];
  const options = { sources: ['start'] };

  it('naming the agents and channels on the way', () => {
    expect(checkTopology(ring, options)).toEqual([
      {
        kind: 'cycle',
        path: ['a', 'b', 'c', 'a'],
        channels: ['a.out', 'b.out', 'c.out'],
        message:
          "agents can feed each other without a limit: 'a' -> 'b' -> 'c' -> 'a', by 'a.out', 'b.out', 'c.out'",
      },
    ]);
  });

  it.each([{ hasHopLimit: true }, { hasMessageLimit: true }])('unless limited: %j', (limit) => {
    expect(checkTopology(ring, { ...options, ...limit })).toEqual([]);
  });

  it('of one agent only if it receives what it published', () => {
    const own = agent('a', ['x.*'], ['x.y'], { receiveOwn: true });
    expect(checkTopology([own], options)).toEqual([
      expect.objectContaining({
        kind: 'cycle',
        path: ['a', 'a'],
        message: "an agent can feed itself without a limit: 'a' -> 'a', by 'x.y'",
      }),
    ]);
    expect(kinds(checkTopology([{ ...own, receiveOwn: false }], options))).not.toContain('cycle');
  });

  it('so that every agent on one is named, those beside them are not', () => {
    const agents = [
      agent('in', ['start'], ['a']),
      agent('a', ['a'], ['b', 'c', 'end']),
      agent('b', ['b'], ['a']),
      agent('c', ['c'], ['a']),
      agent('end', ['end'], []),
    ];
    const named = checkTopology(agents, options).flatMap((problem) =>
      problem.kind === 'cycle' ? problem.path : [],
    );
    expect(named).toEqual(['a', 'b', 'a', 'c', 'a', 'c']);
  });
});

describe('checkTopology', () => {
  it('looks through many agents quickly', () => {
    const many = Array.from({ length: 2_000 }, (_, i) =>
      agent(`a${i}`, [`c.${i}`, 'all.>'], [`c.${i + 1}`]),
    );
    expect(kinds(checkTopology(many, { sources: ['c.0', 'all.x'] }))).toEqual(['unread']);
  });

  it('works with names that objects have anyway', () => {
    const agents = [
      agent('__proto__', ['constructor'], ['__proto__']),
      agent('constructor', ['__proto__'], ['constructor']),
    ];
    expect(checkTopology(agents)).toEqual([
      expect.objectContaining({ path: ['__proto__', 'constructor', '__proto__'] }),
    ]);
  });

  it('refuses agents and channels that are wrong, and two of one name', () => {
    const refused = (run: () => unknown, code: string): void =>
      expect(run).toThrow(expect.objectContaining({ code }) as Error);
    refused(() => checkTopology([agent('a', ['x..y'])]), 'AGENT_INVALID');
    refused(() => checkTopology([agent('a', ['x']), agent('a', ['y'])]), 'AGENT_DUPLICATE');
    refused(() => checkTopology([], { sources: ['a.>.b'] }), 'CHANNEL_INVALID');
  });
});
