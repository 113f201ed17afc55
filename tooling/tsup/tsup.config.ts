import { defineConfig } from 'tsup';

/** Shared by every package; `tsup src/main.ts --config …` replaces the entry. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  clean: true,
  // Declarations come from `tsc`: tsup's own step needs the compiler API that TypeScript 7 has not.
  dts: false,
  // `node:sqlite` and its like exist only under the prefix.
  removeNodeProtocol: false,
});
