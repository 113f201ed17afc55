import type { MessagePort } from 'node:worker_threads';
import type { JsonObject, LogLevel } from '@dagger/core';
import type { ThreadError } from './thread-error.ts';

/** What a thread is told of the attempt, as data. */
export interface TaskContext {
  readonly runId: string;
  readonly dagName: string;
  readonly nodeId: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly inputs: unknown;
}

/** One attempt, as it goes to a thread. */
export interface ThreadTask {
  /** The URL of the module. */
  readonly module: string;
  /** The name of the export. */
  readonly export: string;
  readonly context: TaskContext;
  /** Takes `ThreadMessage`s. */
  readonly port: MessagePort;
}

/** What a thread says while it works. */
export type ThreadMessage =
  | { readonly type: 'progress'; readonly fraction: number; readonly message: string | undefined }
  | { readonly type: 'tokens'; readonly tokens: number }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: JsonObject | undefined;
    };

/** What a thread gives back. */
export interface ThreadResult {
  /** As `node:v8` serializes them. */
  readonly outputs?: Uint8Array;
  readonly metadata?: JsonObject | undefined;
  /** The attempt failed. */
  readonly error?: ThreadError;
}
