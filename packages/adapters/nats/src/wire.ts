import { DaggerError, type JsonValue } from '@dagger/core';
import { sealParsed } from '@dagger/core/kernel';
import type { Message } from '@dagger/pubsub';
import { headers as newHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { DeliveryInfo } from './ack-subject.ts';
import {
  fromHeaderName,
  fromHeaderText,
  isPlainText,
  toHeaderName,
  toHeaderText,
} from './header-text.ts';
import { channelOf, mustBeChannel, subjectOf } from './names.ts';
import { reasonOf } from './reason.ts';

const ID = 'Nats-Msg-Id';
const TRACEPARENT = 'traceparent';
const CORRELATION = 'Dagger-Correlation';
const CAUSATION = 'Dagger-Causation';
const SOURCE = 'Dagger-Source';
const HOPS = 'Dagger-Hops';
const TIME = 'Dagger-Time';
const KEY = 'Dagger-Key';
/** Before the names of headers of the user. */
const USER = 'Dagger-H-';

const MOST_HEADERS = 65_535;

/** A message as it goes to the server. */
export interface Outgoing {
  readonly id: string;
  readonly channel: string;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** What follows from the rest has no header. @throws DaggerError CHANNEL_INVALID, MESSAGE_INVALID */
export const encode = (message: Message, prefix: string, maxPayload: number): Outgoing => {
  const { id, channel, correlationId, hops } = message;
  mustBeChannel(channel);
  const headers = newHeaders();
  let headerSize = 'NATS/1.0\r\n\r\n'.length;
  const put = (name: string, text: string | null): void => {
    if (text === null) return;
    const isPlain = isPlainText(text);
    const value = isPlain ? text : toHeaderText(text, `${name} of a message for '${channel}'`);
    headers.append(name, value);
    const size = isPlain ? value.length : Buffer.byteLength(value);
    headerSize += name.length + size + ': \r\n'.length;
  };
  put(ID, id);
  put(TIME, String(message.time));
  if (correlationId !== id) put(CORRELATION, correlationId);
  put(CAUSATION, message.causationId);
  put(SOURCE, message.source);
  if (hops !== 0) put(HOPS, String(hops));
  put(KEY, message.key);
  put(TRACEPARENT, message.traceparent);
  for (const [name, text] of Object.entries(message.headers)) put(USER + toHeaderName(name), text);
  const data = Buffer.from(JSON.stringify(message.payload));
  if (headerSize > MOST_HEADERS)
    throw new DaggerError(
      'MESSAGE_INVALID',
      `the headers of a message for '${channel}' have ${headerSize} bytes, and JetStream takes ${MOST_HEADERS}`,
    );
  // The server would end the connection.
  const size = data.length + headerSize;
  if (size > maxPayload)
    throw new DaggerError(
      'MESSAGE_INVALID',
      `a message for '${channel}' has ${size} bytes with its headers, and the server takes ${maxPayload} (max_payload): keep the data elsewhere and send where it is`,
    );
  return { id, channel, subject: subjectOf(prefix, channel), data, headers };
};

/** The message of ours, or one from outside, by somebody who knows nothing of us. @throws DaggerError NOT_JSON */
export const decode = (msg: Msg, info: DeliveryInfo, prefix: string): Message => {
  let payload: JsonValue;
  try {
    payload = sealParsed(JSON.parse(decoder.decode(msg.data)) as JsonValue);
  } catch (cause) {
    throw new DaggerError('NOT_JSON', `the payload is not JSON: ${reasonOf(cause)}`, { cause });
  }
  return withPayload(msg, info, { prefix, payload });
};

/** All of a message but its payload is read; that is given. */
export const withPayload = (
  { subject, headers }: Msg,
  info: DeliveryInfo,
  { prefix, payload }: { readonly prefix: string; readonly payload: JsonValue },
): Message => {
  let id: string | null = null;
  /** Only messages of ours have one. */
  let time: number | null = null;
  let source: string | null = null;
  let causationId: string | null = null;
  let correlationId: string | null = null;
  let hops = 0;
  let key: string | null = null;
  let traceparent: string | null = null;
  const users: [string, string][] = [];
  for (const [name, values] of headers ?? []) {
    const text = fromHeaderText(values[0] ?? '');
    if (name === ID) id = text;
    else if (name === TIME) time = numberIn(text);
    else if (name === CORRELATION) correlationId = text;
    else if (name === CAUSATION) causationId = text;
    else if (name === SOURCE) source = text;
    else if (name === HOPS) hops = Math.max(0, Math.trunc(numberIn(text) ?? 0));
    else if (name === KEY) key = text;
    else if (name === TRACEPARENT) traceparent = text;
    else if (name.startsWith(USER)) users.push([fromHeaderName(name.slice(USER.length)), text]);
  }
  const channel = channelOf(prefix, subject);
  id ??= `${info.stream}:${info.sequence}`;
  if (time === null)
    return Object.freeze({
      id,
      channel,
      source: null,
      time: info.time,
      payload,
      headers: headers === undefined ? NO_HEADERS : foreignHeaders(headers),
      causationId: null,
      correlationId: id,
      hops: 0,
      key: null,
      traceparent,
    });
  return Object.freeze({
    id,
    channel,
    source,
    time,
    payload,
    headers: users.length === 0 ? NO_HEADERS : Object.freeze(Object.fromEntries(users)),
    causationId,
    correlationId: correlationId ?? id,
    hops,
    key,
    traceparent,
  });
};

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

const numberIn = (text: string): number | null => {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value : null;
};

/** Those that are not for the server. */
const foreignHeaders = (headers: MsgHdrs): Readonly<Record<string, string>> => {
  const found: [string, string][] = [];
  for (const [name, values] of headers)
    if (!/^(?:nats|dagger)-/i.test(name)) found.push([name, values.join(', ')]);
  return Object.freeze(Object.fromEntries(found));
};
