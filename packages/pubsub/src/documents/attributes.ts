import { DaggerError, type JsonObject, type JsonValue } from '@dagger/core';
import { describeValue } from '@dagger/core/kernel';

/** @throws DaggerError MESSAGE_INVALID always */
export const refuse = (field: string, reason: string, cause?: unknown): never => {
  throw new DaggerError('MESSAGE_INVALID', `CloudEvent: ${field} ${reason}`, { cause });
};

/** What CloudEvents does not allow in text: control characters, noncharacters, and surrogates without a partner. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * Text as it may stand in an attribute.
 * @throws DaggerError MESSAGE_INVALID naming the field
 */
export const attributeText = (field: string, value: JsonValue): string => {
  if (typeof value !== 'string') return refuse(field, `must be text, not ${describeValue(value)}`);
  if (value === '') return refuse(field, 'must not be empty');
  if (FORBIDDEN.test(value))
    return refuse(
      field,
      `has a character in it that CloudEvents does not allow: ${describeValue(value)}`,
    );
  return value;
};

/** Absent attributes may also be written as null. @throws DaggerError MESSAGE_INVALID naming the field */
export const optionalText = (event: JsonObject, field: string): string | null => {
  const value = memberOf(event, field);
  return value === null ? null : attributeText(field, value);
};

/** @throws DaggerError MESSAGE_INVALID naming the field */
export const requiredText = (event: JsonObject, field: string): string =>
  optionalText(event, field) ?? refuse(field, 'is missing');

/** A member, null where there is none. */
export const memberOf = (event: JsonObject, field: string): JsonValue =>
  Object.hasOwn(event, field) ? (event[field] ?? null) : null;
