import { DaggerError } from '@dagger/core';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import type { Settings } from './options.ts';
import { covers } from './patterns.ts';
import { reasonOf } from './reason.ts';

const hasCode = (error: unknown, code: number): boolean =>
  error instanceof JetStreamApiError && error.code === code;

/** @throws DaggerError STORAGE_FAILED */
export const manager = async (connection: NatsConnection): Promise<JetStreamManager> => {
  try {
    return await jetstreamManager(connection);
  } catch (cause) {
    throw new DaggerError(
      'STORAGE_FAILED',
      `JetStream does not answer (is the server started with -js?): ${reasonOf(cause)}`,
      { cause, recoverable: true },
    );
  }
};

const DEDUPE_MS = 120_000;
/** The server could not make the place of a stream. */
const STORE_NOT_MADE = 10_049;
const TRIES = 3;

/**
 * Makes the stream when it is absent. One that is there stays as it is.
 * @throws DaggerError CONFIG_INVALID when it is for something else, STORAGE_FAILED
 */
export const ensureStream = async (jsm: JetStreamManager, settings: Settings): Promise<void> => {
  const { dedupeWindowMs = DEDUPE_MS, maxAgeMs } = settings;
  const existing = await configOf(jsm, settings.stream);
  if (existing !== undefined) {
    mustFit(existing, settings);
    return;
  }
  try {
    await add(jsm, {
      name: settings.stream,
      subjects: [`${settings.prefix}.>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      // The server refuses a window that is longer than messages live.
      duplicate_window: nanos(Math.min(dedupeWindowMs, maxAgeMs ?? dedupeWindowMs)),
      ...(settings.maxMessages === undefined ? {} : { max_msgs: settings.maxMessages }),
      ...(maxAgeMs === undefined ? {} : { max_age: nanos(maxAgeMs) }),
    });
  } catch (cause) {
    // Somebody else may have made it meanwhile, with options of his own.
    const made = await configOf(jsm, settings.stream);
    if (made === undefined)
      throw new DaggerError(
        'STORAGE_FAILED',
        `cannot make the stream '${settings.stream}' for '${settings.prefix}.>': ${reasonOf(cause)}`,
        { cause },
      );
    mustFit(made, settings);
  }
};

/** A server that just removed its last stream removes the folder of all, perhaps under the feet of a new one. */
const add = async (
  jsm: JetStreamManager,
  config: Parameters<JetStreamManager['streams']['add']>[0],
): Promise<void> => {
  for (let tries = 1; ; tries++)
    try {
      await jsm.streams.add(config);
      return;
    } catch (error) {
      if (tries === TRIES || !hasCode(error, STORE_NOT_MADE)) throw error;
    }
};

const configOf = async (
  jsm: JetStreamManager,
  stream: string,
): Promise<StreamConfig | undefined> => {
  try {
    const { config } = await jsm.streams.info(stream);
    return config;
  } catch (cause) {
    if (hasCode(cause, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw new DaggerError(
      'STORAGE_FAILED',
      `cannot look up the stream '${stream}': ${reasonOf(cause)}`,
      { cause, recoverable: true },
    );
  }
};

const mustFit = (config: StreamConfig, settings: Settings): void => {
  const { stream, prefix, logger } = settings;
  const subjects = config.subjects ?? [];
  if (!subjects.some((subject) => covers(subject, `${prefix}.>`)))
    throw new DaggerError(
      'CONFIG_INVALID',
      `the stream '${stream}' is there, but for ${subjects.length === 0 ? 'no subjects' : subjects.map((each) => `'${each}'`).join(', ')}, not for '${prefix}.>': choose another stream or prefix`,
    );
  if (config.retention !== RetentionPolicy.Limits)
    throw new DaggerError(
      'CONFIG_INVALID',
      `the stream '${stream}' has the retention '${config.retention}': groups that come later would find nothing in it; it must be '${RetentionPolicy.Limits}'`,
    );
  if (config.discard !== DiscardPolicy.New && (config.max_msgs > 0 || config.max_bytes > 0))
    logger('warn', 'the stream throws its oldest messages away when it is full, read or not', {
      stream,
    });
  const { dedupeWindowMs } = settings;
  const differs = [
    ...(dedupeWindowMs !== undefined && config.duplicate_window !== nanos(dedupeWindowMs)
      ? ['dedupeWindowSeconds']
      : []),
    ...(settings.maxMessages !== undefined && config.max_msgs !== settings.maxMessages
      ? ['maxMessages']
      : []),
    ...(settings.maxAgeMs !== undefined && config.max_age !== nanos(settings.maxAgeMs)
      ? ['maxAgeSeconds']
      : []),
  ];
  if (differs.length > 0)
    logger('warn', 'the stream is there with other limits, which count', { stream, differs });
};
