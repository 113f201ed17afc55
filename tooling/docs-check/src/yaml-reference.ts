import { yamlJsonSchema, type JsonObject, type JsonValue } from '@dagger/core';
import { table } from './markdown-table.ts';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const schemaAt = (schema: JsonObject, ...path: readonly string[]): JsonObject => {
  let at: JsonValue | undefined = schema;
  for (const step of path) {
    const next: JsonValue | undefined = isObject(at) ? at[step] : undefined;
    at = isObject(next) && typeof next['$ref'] === 'string' ? definition(next['$ref']) : next;
  }
  if (!isObject(at)) throw new Error(`the JSON Schema has nothing at ${path.join('.')}`);
  return at;
};

const definition = (ref: string): JsonObject =>
  schemaAt(yamlJsonSchema, ...ref.replace(/^#\//, '').split('/'));

const bounds = (schema: JsonObject): string => {
  const parts: string[] = [];
  if (Array.isArray(schema['enum']))
    parts.push(schema['enum'].map((v) => `\`${String(v)}\``).join(', '));
  if (typeof schema['minimum'] === 'number') parts.push(`at least ${schema['minimum']}`);
  if (typeof schema['exclusiveMinimum'] === 'number')
    parts.push(`above ${schema['exclusiveMinimum']}`);
  if (typeof schema['maximum'] === 'number') parts.push(`at most ${schema['maximum']}`);
  return parts.join(', ');
};

const keys = (schema: JsonObject): string => {
  const required = Array.isArray(schema['required'])
    ? (schema['required'] as readonly string[])
    : [];
  const properties = schemaAt(schema, 'properties');
  const rows = Object.keys(properties).map((key) => {
    const property = schemaAt(schema, 'properties', key);
    const description = typeof property['description'] === 'string' ? property['description'] : '';
    return [`\`${key}\``, required.includes(key) ? 'yes' : '', description, bounds(property)];
  });
  return table(['key', 'needed', 'meaning', 'values'], rows);
};

/** docs/yaml.md: every key of the YAML format, from the JSON Schema that the loader is tested against. */
export const yamlReference = (): string => `# The YAML format

<!-- Made from the JSON Schema by \`pnpm run docs\`; do not edit. -->

Keys are written as here; the camelCase form of a key is accepted too. Unknown keys are errors. A \`reference\` is
\`inputs.<name>\` for an input of the run or \`<node>.<output>\` for an output of a node that comes before; further steps
(\`rows[0].price\`) walk into the value. A \`when\` is an expression in CEL over \`inputs\` (of the run), \`outputs\` and \`status\`
(by node id): \`outputs.check.score > 0.8 && status.backup == "succeeded"\`.

## Graph

${keys(yamlJsonSchema)}

## Node

${keys(schemaAt(yamlJsonSchema, 'properties', 'nodes', 'items'))}

## Input of a node

${keys(schemaAt(yamlJsonSchema, 'properties', 'nodes', 'items', 'properties', 'inputs', 'items'))}

## Output of a node

${keys(schemaAt(yamlJsonSchema, 'properties', 'nodes', 'items', 'properties', 'outputs', 'items'))}

## Config

${keys(schemaAt(yamlJsonSchema, 'properties', 'config'))}
`;
