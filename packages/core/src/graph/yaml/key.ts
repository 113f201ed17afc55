import { isScalar, Scalar } from 'yaml';

/** The text of a key, exactly as written; undefined where a key is not one plain or quoted text. */
export const keyText = (key: unknown): string | undefined => {
  if (!isScalar(key) || key.value === null) return undefined;
  if (typeof key.value === 'string') return key.value;
  if (typeof key.value !== 'number' && typeof key.value !== 'boolean') return undefined;
  return key.source ?? String(key.value);
};

/** `<<`, which YAML files use to take over the keys of another map. Quoted, it is a key like any other. */
export const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && key.value === '<<' && (key.type === undefined || key.type === Scalar.PLAIN);
