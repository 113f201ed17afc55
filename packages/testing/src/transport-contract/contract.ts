import type { Transport } from '@dagger/pubsub';
import { describe } from 'vitest';
import { closing } from './closing.ts';
import { groups } from './groups.ts';
import { keeping } from './keeping.ts';
import { outputs } from './outputs.ts';
import { persistence } from './persistence.ts';
import { publishing } from './publishing.ts';
import { redelivery } from './redelivery.ts';
import { subjects } from './subjects.ts';
import { traffic } from './traffic.ts';

/** Something that a transport does, or why it cannot. */
export type Ability = true | { readonly cannot: string };

/** What a transport promises beyond the least; the contract holds it to that. */
export interface TransportAbilities {
  /** Messages are there when it is opened again. */
  readonly persistent: Ability;
  /** A group that is new may read what was published before it. */
  readonly replay: Ability;
  /** Several transports in one place share the messages of a group. */
  readonly shared: Ability;
  /** A message whose id was published already adds nothing. */
  readonly dedupe: Ability;
  /** It keeps what waits for people (`Transport.holds`). */
  readonly holds: Ability;
  /** It keeps what became of attempts (`Transport.trace`). */
  readonly trace: Ability;
}

/** Where the messages of a test are; nobody else uses it. */
export interface TransportPlace {
  /** Opens it, once more if it is open. */
  open(): Promise<Transport>;
  /** Called when the test is over and every transport closed. */
  remove(): Promise<void>;
}

export interface TransportContract {
  readonly name: string;
  readonly abilities: TransportAbilities;
  place(): Promise<TransportPlace>;
}

/**
 * What every transport must do, as tests of vitest: call it in a test file with a place for messages. The behaviours are those of
 * Watermill's suite (`pubsub/tests/test_pubsub.go`) and of others like it, with our words; duplicates are counted where they are
 * allowed.
 */
export const transportContract = (contract: TransportContract): void => {
  describe(`the transport contract: ${contract.name}`, () => {
    describe('publishing', () => {
      publishing(contract);
    });
    describe('channels and patterns', () => {
      subjects(contract);
    });
    describe('groups', () => {
      groups(contract);
    });
    describe('redelivery', () => {
      redelivery(contract);
    });
    describe('outputs', () => {
      outputs(contract);
    });
    describe('much at the same time', () => {
      traffic(contract);
    });
    describe('what outlives a transport', () => {
      persistence(contract);
    });
    describe('what is kept beside messages', () => {
      keeping(contract);
    });
    describe('closing', () => {
      closing(contract);
    });
  });
};
