import { DaggerError, type JsonValue } from '@dagger/core';
import { describeValue } from '@dagger/core/kernel';
import type { Observable, Subscription } from 'rxjs';
import { DEFAULT_CAPACITY } from '../channel/options.ts';
import { checkOptions, optional, rules } from '../middleware/check.ts';
import { checkSubject } from '../subject/subject.ts';
import { pullFrom } from './pull.ts';
import { pushFrom } from './push.ts';

/** What gives payloads. An observable pushes them; the others are asked for the next one when the last is published. */
export type SourceInput = Observable<JsonValue> | AsyncIterable<JsonValue> | Iterable<JsonValue>;

export interface SourceOptions {
  /** Values of an observable that may wait for room. Default 1,024. */
  readonly capacity?: number | undefined;
}

/**
 * Values on their way to a channel. `unsubscribe` takes no more of them, and calls `return` of an iterator; what was taken is
 * published still.
 */
export interface Source extends Subscription {
  /**
   * Resolves when no more values come, or none are taken any more, and what was taken is published. Rejects with what ended it
   * before: an error of the source, CHANNEL_FULL, or what `publish` throws, after which nothing more is published.
   */
  readonly done: Promise<void>;
}

/**
 * Publishes what a source gives, in order. An iterable is held up while there is no room. An observable cannot be: what comes
 * faster than there is room for waits here, up to the capacity, and beyond that ends the subscription with CHANNEL_FULL.
 * @throws DaggerError CHANNEL_INVALID; CONFIG_INVALID where it is no source, or an option is wrong
 */
export const publishFrom = (
  source: SourceInput,
  channel: string,
  publish: (payload: JsonValue) => Promise<unknown>,
  options: SourceOptions = {},
): Source => {
  checkSubject(channel);
  checkOptions('from', options, { capacity: optional(rules.count) });
  const { capacity = DEFAULT_CAPACITY } = options;
  if (isObservable(source)) return pushFrom(source, { channel, capacity, publish });
  if (isIterable(source)) return pullFrom(source, publish);
  const hint = typeof source === 'string' ? '; in a list it is published as one value' : '';
  throw new DaggerError(
    'CONFIG_INVALID',
    `from: the source must be an observable, an iterable or an async iterable, not ${describeValue(source)}${hint}`,
  );
};

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

const isObservable = (source: unknown): source is Observable<JsonValue> =>
  isObject(source) && 'subscribe' in source && typeof source.subscribe === 'function';

const isIterable = (source: unknown): source is AsyncIterable<JsonValue> | Iterable<JsonValue> =>
  isObject(source) && (Symbol.asyncIterator in source || Symbol.iterator in source);
