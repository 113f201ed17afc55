import { LiveRun } from '../../src/coordinator/live-run.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { StateSnapshot } from '../../src/run/snapshot.ts';
import { RunState } from '../../src/run/state.ts';
import { decodeEvents, encodeEvents } from '../../src/storage/codec.ts';

/**
 * A mode for the ordinary tests: whenever a group of events is durable, the state of the run is thrown away, made again from
 * the journal, and the run goes on with that. What a recovered run would do differently shows as a test that fails.
 */
interface Journal {
  /** The state before the first event of the session. */
  readonly base: StateSnapshot;
  readonly groups: string[];
  open: RunEvent[];
  events: number;
}

/** Beyond this many events a run is recovered only every so many groups: each recovery reads them all. */
const ALWAYS_UP_TO = 300;
const THEN_EVERY = 97;

const journals = new WeakMap<RunState, Journal>();
let recovering = false;

const apply = Object.getOwnPropertyDescriptor(RunState.prototype, 'apply')
  ?.value as RunState['apply'];
RunState.prototype.apply = function record(this: RunState, event: RunEvent): void {
  if (!recovering) {
    let journal = journals.get(this);
    if (journal === undefined)
      journals.set(this, (journal = { base: this.snapshot(), groups: [], open: [], events: 0 }));
    journal.open.push(event);
    journal.events++;
  }
  apply.call(this, event);
};

const recover = (state: RunState, journal: Journal): void => {
  recovering = true;
  try {
    state.load(JSON.parse(JSON.stringify(journal.base)) as StateSnapshot);
    for (const group of journal.groups)
      for (const event of decodeEvents(group)) apply.call(state, event);
  } finally {
    recovering = false;
  }
};

const carryOut = Object.getOwnPropertyDescriptor(LiveRun.prototype, 'carryOut')
  ?.value as LiveRun['carryOut'];
LiveRun.prototype.carryOut = function recoverFirst(this: LiveRun): void {
  const journal = journals.get(this.state);
  if (journal !== undefined && journal.open.length > 0) {
    // A group with a large value has no row without its references.
    journal.groups.push(encodeEvents(journal.open) ?? JSON.stringify([0, ...journal.open]));
    journal.open = [];
    if (journal.events <= ALWAYS_UP_TO || journal.groups.length % THEN_EVERY === 0)
      recover(this.state, journal);
  }
  carryOut.call(this);
};
