import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readYamlDirectory, readYamlFile } from './files.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dagger-files-'));
  mkdirSync(join(directory, 'below.yaml'));
  writeFileSync(join(directory, 'b.yaml'), 'nodes: [{id: a, action: x}]\n');
  writeFileSync(join(directory, 'a.yml'), 'nodes: 3\n');
  writeFileSync(join(directory, 'notes.txt'), 'nodes: 3\n');
  writeFileSync(join(directory, 'below.yaml', 'C.YAML'), 'nodes: []\n');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('readYamlFile', () => {
  it('reads a graph and names it after the file', async () => {
    const { graph } = await readYamlFile(join(directory, 'b.yaml'));
    expect(graph?.name).toBe('b');
  });

  it.each([
    ['absent.yaml', 'there is no such file or directory'],
    ['below.yaml', 'it is not a file'],
  ])('reports %s as unreadable, with its name', async (name, reason) => {
    const file = join(directory, name);
    expect(await readYamlFile(file)).toEqual({
      graph: undefined,
      diagnostics: [{ severity: 'error', code: 'unreadable', message: reason, path: [], file }],
    });
  });

  it('refuses a large file before it reads it', async () => {
    const { diagnostics } = await readYamlFile(join(directory, 'b.yaml'), { maxBytes: 5 });
    expect(diagnostics).toMatchObject([{ message: 'the file has 28 bytes, more than 5' }]);
  });
});

describe('readYamlDirectory', () => {
  const names = async (options?: {
    readonly recursive: boolean;
  }): Promise<readonly [string, boolean][]> =>
    (await readYamlDirectory(directory, options)).map(({ file, checked }) => [
      file.slice(directory.length + 1),
      checked.graph !== undefined,
    ]);

  it('reads every .yaml and .yml file in order; a bad one does not stop the others', async () => {
    expect(await names()).toEqual([
      ['a.yml', false],
      ['b.yaml', true],
    ]);
  });

  it('reads the directories below when it is asked to', async () => {
    expect(await names({ recursive: true })).toEqual([
      ['a.yml', false],
      ['b.yaml', true],
      [join('below.yaml', 'C.YAML'), true],
    ]);
  });

  it('reports a bad file under its name', async () => {
    const [bad] = await readYamlDirectory(directory);
    expect(bad?.checked.diagnostics).toMatchObject([
      { file: join(directory, 'a.yml'), line: 1, message: 'nodes must be a list, not 3' },
    ]);
  });

  it('throws where there is no directory', async () => {
    await expect(readYamlDirectory(join(directory, 'absent'))).rejects.toThrow(
      expect.objectContaining({
        code: 'GRAPH_INVALID',
        message: expect.stringMatching(
          /absent the directory cannot be read: there is no such file or directory$/,
        ),
      }),
    );
  });
});
