import type { JsonObject } from '@dagger/core';
import { ANY_PART, ANY_REST } from '../subject/subject.ts';

/** How AsyncAPI writes a channel or pattern. */
export interface Address {
  readonly address: string;
  readonly parameters: readonly (readonly [name: string, parameter: JsonObject])[];
}

const PART: JsonObject = { description: 'one part of the name of the channel' };
const REST: JsonObject = {
  description: "one or more parts of the name of the channel, with '.' between them",
};

/** `orders.*.>` becomes `orders.{p1}.{rest}`. */
export const addressOf = (pattern: string): Address => {
  const parameters: (readonly [string, JsonObject])[] = [];
  const numbered = (parameter: JsonObject): string => {
    const name = `p${parameters.length + 1}`;
    parameters.push([name, parameter]);
    return `{${name}}`;
  };
  const parts = pattern.split('.').map((part) => {
    if (part === ANY_PART) return numbered(PART);
    if (part === ANY_REST) {
      parameters.push(['rest', REST]);
      return '{rest}';
    }
    // An address cannot hold these as themselves; a parameter that can only be this part can.
    return /[{}?#]/.test(part) ? numbered({ enum: [part] }) : part;
  });
  return { address: parts.join('.'), parameters };
};
