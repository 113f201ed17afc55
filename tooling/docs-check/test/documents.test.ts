import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadYaml } from '@dagger/core';
import { expect, test } from 'vitest';
import { documents } from '../src/documents.ts';
import { snippet } from '../src/snippets.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const here = fileURLToPath(new URL('../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test.each(Object.keys(documents))('%s is what the code makes; `pnpm docs` writes it', (path) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(documents[path]?.());
});

test('the program in the README runs, prints what the README says, and prints it again without running anything', () => {
  const folder = mkdtempSync(join(here, 'readme-'));
  try {
    const program = snippet(readme, 'run: readme.ts');
    // Zod resolves from this package; the working folder is a fresh one for the database.
    writeFileSync(join(folder, 'readme.ts'), program);
    const run = (): string =>
      execFileSync(process.execPath, ['-C', '@dagger/source', 'readme.ts'], {
        cwd: folder,
        encoding: 'utf8',
      });
    const expected = snippet(readme, 'output: readme.ts');
    expect(run()).toBe(expected);
    expect(run()).toBe(expected);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the YAML in the README loads without a warning', () => {
  expect(loadYaml(snippet(readme, 'check: yaml')).diagnostics).toEqual([]);
});

test('the complaint that the README shows is the one that the loader makes', () => {
  const yaml =
    'nodes:\n  - id: fetch\n    action: a\n\n  - id: mean\n    action: b\n    depends_on: [fetch]\n';
  const { diagnostics } = loadYaml(yaml, { file: 'flow.yaml' });
  const [first] = diagnostics;
  expect(readme).toContain(`flow.yaml:${first?.line}:${first?.column} ${first?.message}`);
});
