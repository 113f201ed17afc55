/** Something that is wrong with a set of agents as they are declared; `message` says it in a sentence. */
export type TopologyProblem =
  /** A publication that nobody reads. */
  | {
      readonly kind: 'unread';
      readonly agent: string;
      readonly channel: string;
      readonly message: string;
    }
  /** A subscription to which nobody writes. */
  | {
      readonly kind: 'unwritten';
      readonly agent: string;
      readonly channel: string;
      readonly message: string;
    }
  /** No payload that one agent publishes can be what another accepts. */
  | {
      readonly kind: 'incompatible';
      readonly publisher: string;
      readonly subscriber: string;
      /** As the publisher names it. */
      readonly channel: string;
      /** The place in the payload, such as `user.tags[0]`; empty for the payload itself. */
      readonly path: string;
      readonly reason: string;
      readonly message: string;
    }
  /** Agents that can feed each other for ever. */
  | {
      readonly kind: 'cycle';
      /** Names of agents, the first one again at the end. */
      readonly path: readonly string[];
      /** Between each two of them, as the publisher names it. */
      readonly channels: readonly string[];
      readonly message: string;
    };
