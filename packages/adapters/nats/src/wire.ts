import { DaggerError, type JsonValue } from '@dagger/core';
import { sealParsed } from '@dagger/core/kernel';
import type { Message } from '@dagger/pubsub';
import { headers as newHeaders, type MsgHdrs } from '@nats-io/transport-node';
import { fromHeaderName, fromHeaderText, toHeaderName, toHeaderText } from './header-text.ts';
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

/** A message as it came, as far as reading it goes. */
export interface Incoming {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  readonly stream: string;
  readonly sequence: number;
  /** When the server stored it; milliseconds since the Unix epoch. */
  readonly time: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws DaggerError CHANNEL_INVALID, MESSAGE_INVALID */
export const encode = (message: Message, prefix: string, maxPayload: number): Outgoing => {
  const { id, channel } = message;
  mustBeChannel(channel);
  const headers = newHeaders();
  const put = (name: string, text: string | null): void => {
    if (text !== null)
      headers.append(name, toHeaderText(text, `${name} of a message for '${channel}'`));
  };
  put(ID, id);
  put(CORRELATION, message.correlationId);
  put(CAUSATION, message.causationId);
  put(SOURCE, message.source);
  put(HOPS, String(message.hops));
  put(TIME, String(message.time));
  put(KEY, message.key);
  put(TRACEPARENT, message.traceparent);
  for (const [name, text] of Object.entries(message.headers)) put(USER + toHeaderName(name), text);
  const data = encoder.encode(JSON.stringify(message.payload));
  const headerSize = sizeOf(headers);
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

/** Bytes on the wire, or a few more. */
const sizeOf = (headers: MsgHdrs): number => {
  let size = 'NATS/1.0\r\n\r\n'.length;
  for (const [name, values] of headers)
    for (const value of values) size += name.length + Buffer.byteLength(value) + 4;
  return size;
};

/** The message of ours, or one from outside, by somebody who knows nothing of us. @throws DaggerError NOT_JSON */
export const decode = (incoming: Incoming, prefix: string): Message => {
  let payload: JsonValue;
  try {
    payload = sealParsed(JSON.parse(decoder.decode(incoming.data)) as JsonValue);
  } catch (cause) {
    throw new DaggerError('NOT_JSON', `the payload is not JSON: ${reasonOf(cause)}`, { cause });
  }
  return withPayload(incoming, prefix, payload);
};

/** All of a message but its payload is read; that is given. */
export const withPayload = (incoming: Incoming, prefix: string, payload: JsonValue): Message => {
  const { headers } = incoming;
  const id = own(headers, ID) ?? `${incoming.stream}:${incoming.sequence}`;
  const correlationId = own(headers, CORRELATION);
  const hops = Number(own(headers, HOPS));
  const isOurs = correlationId !== null && Number.isSafeInteger(hops) && hops >= 0;
  const time = Number(own(headers, TIME) ?? Number.NaN);
  return Object.freeze({
    id,
    channel: channelOf(prefix, incoming.subject),
    source: isOurs ? own(headers, SOURCE) : null,
    time: isOurs && Number.isFinite(time) ? time : incoming.time,
    payload,
    headers: Object.freeze(isOurs ? usersHeaders(headers) : foreignHeaders(headers)),
    causationId: isOurs ? own(headers, CAUSATION) : null,
    correlationId: isOurs ? correlationId : id,
    hops: isOurs ? hops : 0,
    key: isOurs ? own(headers, KEY) : null,
    traceparent: own(headers, TRACEPARENT),
  });
};

const own = (headers: MsgHdrs | undefined, name: string): string | null =>
  headers?.has(name) === true ? fromHeaderText(headers.get(name)) : null;

const usersHeaders = (headers: MsgHdrs | undefined): Record<string, string> => {
  const found: [string, string][] = [];
  for (const [name, values] of headers ?? [])
    if (name.startsWith(USER))
      found.push([fromHeaderName(name.slice(USER.length)), fromHeaderText(values[0] ?? '')]);
  return Object.fromEntries(found);
};

/** Those that are not for the server. */
const foreignHeaders = (headers: MsgHdrs | undefined): Record<string, string> => {
  const found: [string, string][] = [];
  for (const [name, values] of headers ?? [])
    if (!/^(?:nats|dagger)-/i.test(name)) found.push([name, values.join(', ')]);
  return Object.fromEntries(found);
};
