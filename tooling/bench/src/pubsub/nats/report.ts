import type { NatsName } from './contender.ts';
import type { NatsMeasure } from './measure.ts';

export interface NatsRow {
  readonly name: NatsName;
  readonly speeds: Readonly<Record<NatsMeasure, NatsSpeed>>;
}

export interface NatsSpeed {
  readonly messagesPerSecond: number;
  readonly messages: number;
  readonly rounds: number;
}
