import type { JsonObject, Schema } from '@dagger/core';
import { canonicalJson, ownJson } from '@dagger/core/kernel';
import { payloadSchema } from '../topology/payload-schema.ts';
import { DocumentIds } from './document-ids.ts';
import { relocate } from './relocate.ts';

export const CONTENT_TYPE = 'application/json';

/** The messages of a document: agents that say the same of their payloads share one. */
export class DocumentMessages {
  readonly #ids = new DocumentIds();
  /** By the canonical text of the schema. */
  readonly #known: Map<string, { readonly id: string; readonly schema: JsonObject }> = new Map();

  /** The id of the message with this payload; `name` is for one that is new. @throws DaggerError NOT_JSON */
  idOf(schema: Schema | undefined, name: string): string {
    // Which draft a library names does not matter here.
    const { $schema: _, ...own } = ownJson(payloadSchema(schema)) as JsonObject;
    const text = canonicalJson(own);
    const known = this.#known.get(text);
    if (known !== undefined) return known.id;
    const id = this.#ids.give(text === '{}' ? 'anything' : name);
    this.#known.set(text, { id, schema: own });
    return id;
  }

  /** What the document has under `components`. */
  components(): JsonObject {
    const all = [...this.#known.values()];
    return {
      messages: Object.fromEntries(all.map(({ id, schema }) => [id, message(id, schema)])),
      schemas: Object.fromEntries(
        all.map(({ id, schema }) => [id, relocate(schema, schemaRef(id))]),
      ),
    };
  }
}

const schemaRef = (id: string): string => `#/components/schemas/${id}`;

const message = (id: string, { title }: JsonObject): JsonObject => ({
  name: id,
  ...(typeof title === 'string' ? { title } : {}),
  contentType: CONTENT_TYPE,
  payload: { $ref: schemaRef(id) },
});
