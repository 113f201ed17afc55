import type { JsonObject } from '@dagger/core';
import { describeValue, ownJson } from '@dagger/core/kernel';
import type { Message } from '../message/message.ts';
import { checkSubject } from '../subject/subject.ts';
import { attributeText, memberOf, optionalText, refuse, requiredText } from './attributes.ts';
import { CONTENT_TYPE } from './document-messages.ts';
import { headersFromText, headersToText } from './header-text.ts';
import { fromTimestamp, toTimestamp } from './timestamp.ts';
import { isTraceparent } from './traceparent.ts';

export interface CloudEventOptions {
  /** Where the messages come from: a URI reference, the same for all of them. Default `/dagger`. */
  readonly source?: string | undefined;
}

const DEFAULT_SOURCE = '/dagger';
const URI_REFERENCE = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[\dA-Fa-f]{2})+$/;

/**
 * A message as a CloudEvent 1.0 in JSON. Beside the attributes of its own and those that CloudEvents has extensions for
 * (`correlationid`, `causationid`, `partitionkey`, `traceparent`) there are three of ours: `agent`, its source; `hops`; and
 * `headers`, JSON text, where there are any. A traceparent that W3C does not know as one is left out.
 * @throws DaggerError MESSAGE_INVALID naming the field for which CloudEvents has no form, such as a key that is empty text
 */
export const toCloudEvent = (message: Message, options: CloudEventOptions = {}): JsonObject => {
  const { id, channel, source, time, payload, headers, causationId, correlationId, hops, key } =
    message;
  const uri = options.source ?? DEFAULT_SOURCE;
  if (!URI_REFERENCE.test(uri))
    refuse('source', `must be a URI reference, not ${describeValue(uri)}`);
  const optional = (field: string, value: string | null): JsonObject =>
    value === null ? {} : { [field]: attributeText(field, value) };
  const { traceparent } = message;
  return {
    specversion: '1.0',
    id: attributeText('id', id),
    source: uri,
    type: attributeText('type', channel),
    time:
      toTimestamp(time) ??
      refuse('time', `must be milliseconds of the years 0 to 9999, not ${describeValue(time)}`),
    datacontenttype: CONTENT_TYPE,
    correlationid: attributeText('correlationid', correlationId),
    ...optional('causationid', causationId),
    hops: String(hops),
    ...optional('agent', source),
    ...optional('partitionkey', key),
    ...(traceparent !== null && isTraceparent(traceparent) ? { traceparent } : {}),
    ...(Object.keys(headers).length === 0 ? {} : { headers: headersToText(headers) }),
    data: payload,
  };
};

/**
 * The message that a CloudEvent 1.0 in JSON holds, frozen.
 *
 * - What `toCloudEvent` gave comes out as it was.
 * - One from elsewhere is the first of its tree, unless it says otherwise; attributes that are not ours are left out.
 *
 * @throws DaggerError MESSAGE_INVALID naming the field and the reason
 */
export const fromCloudEvent = (value: unknown): Message => {
  const event = ownEvent(value);
  if (memberOf(event, 'specversion') !== '1.0')
    refuse('specversion', `must be '1.0', not ${describeValue(memberOf(event, 'specversion'))}`);
  const uri = requiredText(event, 'source');
  if (!URI_REFERENCE.test(uri))
    refuse('source', `must be a URI reference, not ${describeValue(uri)}`);
  checkContent(event);
  const id = requiredText(event, 'id');
  const causationId = optionalText(event, 'causationid');
  const correlationId = optionalText(event, 'correlationid');
  if (correlationId === null && causationId !== null)
    refuse('correlationid', 'is missing where there is a causationid');
  const traceparent = optionalText(event, 'traceparent');
  if (traceparent !== null && !isTraceparent(traceparent))
    refuse('traceparent', `must be one of W3C, not ${describeValue(traceparent)}`);
  return Object.freeze({
    id,
    channel: channelOf(event),
    source: optionalText(event, 'agent'),
    time: timeOf(event),
    payload: memberOf(event, 'data'),
    headers: headersFromText(optionalText(event, 'headers') ?? '{}'),
    causationId,
    correlationId: correlationId ?? id,
    hops: hopsOf(event),
    key: optionalText(event, 'partitionkey'),
    traceparent,
  });
};

const ownEvent = (value: unknown): JsonObject => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('the event', `must be a JSON object, not ${describeValue(value)}`);
  try {
    return ownJson(value) as JsonObject;
  } catch (error) {
    return refuse(
      'the event',
      `must be JSON: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
};

const checkContent = (event: JsonObject): void => {
  if (memberOf(event, 'data_base64') !== null)
    refuse('data_base64', 'holds bytes, and payloads are JSON');
  const type = optionalText(event, 'datacontenttype');
  if (type !== null && !/^[^/\s;]+\/(?:[^/\s;]+\+)?json\s*(?:;.*)?$/i.test(type))
    refuse('datacontenttype', `must be JSON, not ${describeValue(type)}`);
};

const channelOf = (event: JsonObject): string => {
  const type = requiredText(event, 'type');
  try {
    checkSubject(type);
  } catch (error) {
    refuse('type', error instanceof Error ? error.message : String(error), error);
  }
  return type;
};

const timeOf = (event: JsonObject): number => {
  const text = requiredText(event, 'time');
  return (
    fromTimestamp(text) ?? refuse('time', `must be a time of RFC 3339, not ${describeValue(text)}`)
  );
};

const hopsOf = (event: JsonObject): number => {
  const text = optionalText(event, 'hops') ?? '0';
  const hops = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(hops)
    ? hops
    : refuse('hops', `must be a whole number as text, not ${describeValue(text)}`);
};
