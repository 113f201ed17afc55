import type { JsonObject, JsonValue } from '@dagger/core';
import { describeValue, sealParsed } from '@dagger/core/kernel';
import type { Headers } from '../message/message.ts';
import { refuse } from './attributes.ts';

/** Headers as JSON text in which every character that an attribute could not hold is escaped. */
export const headersToText = (headers: Headers): string =>
  JSON.stringify(headers).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** @throws DaggerError MESSAGE_INVALID naming the header */
export const headersFromText = (text: string): Headers => {
  let headers: JsonValue;
  try {
    headers = JSON.parse(text) as JsonValue;
  } catch (error) {
    return refuse('headers', `must be JSON as text, not ${describeValue(text)}`, error);
  }
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    return refuse('headers', `must be a JSON object as text, not ${describeValue(text)}`);
  for (const [name, value] of Object.entries(headers))
    if (typeof value !== 'string')
      refuse('headers', `must hold text, not ${describeValue(value)} for ${describeValue(name)}`);
  return sealParsed(headers as JsonObject) as Headers;
};
