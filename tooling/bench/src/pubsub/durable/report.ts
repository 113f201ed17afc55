import type { DurableContender, DurableGroup } from './contender.ts';

export interface DurableRow {
  readonly name: string;
  readonly role: DurableContender['role'];
  readonly group: DurableGroup;
  /** From the first publication until the last acknowledgement is durable. */
  readonly messagesPerSecond: number;
  /** By SQLite's own log; null on PostgreSQL. */
  readonly commits: number | null;
  readonly messages: number;
  readonly rounds: number;
}
