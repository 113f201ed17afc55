import { readFile } from 'node:fs/promises';
import type { JsonObject, JsonValue } from '@dagger/core';
import { InvalidCommandLine } from './invalid-command-line.ts';
import { reasonOf } from './reason.ts';

/** JSON when it is valid JSON, else text; a whole number too large to be kept exactly stays text, so that ids survive. */
export const parseValue = (text: string): JsonValue => {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
  const inexact =
    typeof value === 'number' &&
    (!Number.isFinite(value) || (/^-?\d+$/.test(text) && !Number.isSafeInteger(value)));
  return inexact ? text : value;
};

const pair = (text: string, option: string): readonly [string, JsonValue] => {
  const at = text.indexOf('=');
  if (at < 1)
    throw new InvalidCommandLine(
      `${option} takes name=value, as in ${option} city=Paris; '${text}' ${at === 0 ? 'has no name' : "has no '='"}`,
    );
  return [text.slice(0, at), parseValue(text.slice(at + 1))];
};

/** What an option that is repeated says, `name=value` each time. @throws InvalidCommandLine */
export const readPairs = (pairs: readonly string[], option: string): JsonObject =>
  Object.fromEntries(pairs.map((text) => pair(text, option)));

/** @throws InvalidCommandLine when a text is not JSON */
export const parseJson = (text: string, what: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new InvalidCommandLine(`${what} is not JSON: ${reasonOf(cause)}`, { cause });
  }
};

const fromFile = async (path: string): Promise<JsonObject> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidCommandLine(`cannot read the inputs of '${path}': ${reasonOf(cause)}`, {
      cause,
    });
  }
  let value: unknown;
  try {
    // A byte order mark at the start is no part of the JSON.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InvalidCommandLine(`'${path}' is not JSON: ${reasonOf(cause)}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidCommandLine(`'${path}' must hold a JSON object: the inputs by their names`);
  return value as JsonObject;
};

/** The inputs of a run; those of the command line go over those of the file. */
export const readInputs = async (
  pairs: readonly string[],
  file: string | undefined,
): Promise<JsonObject> => ({
  ...(file === undefined ? {} : await fromFile(file)),
  ...readPairs(pairs, '--input'),
});
