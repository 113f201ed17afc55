import { pathToFileURL } from 'node:url';

type Exports = Readonly<Record<string, unknown>>;

const isTypeScript = (path: string): boolean => /\.[cm]?tsx?$/i.test(path);

/** What Node says of TypeScript that it cannot run by leaving the types out: enums, a file in node_modules. */
const BEYOND_STRIPPING: ReadonlySet<string> = new Set([
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNKNOWN_FILE_EXTENSION',
]);

const withJiti = async (path: string): Promise<Exports> => {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import<Exports>(path);
};

/** Imports a module by its absolute path, TypeScript on any supported Node. */
export const importModule = async (path: string): Promise<Exports> => {
  if (isTypeScript(path) && !process.features.typescript) return withJiti(path);
  try {
    return (await import(pathToFileURL(path).href)) as Exports;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    // In a CommonJS project Node takes a .ts file for CommonJS; jiti does not mind.
    if (isTypeScript(path) && (BEYOND_STRIPPING.has(code) || error instanceof SyntaxError))
      return withJiti(path);
    throw error;
  }
};
