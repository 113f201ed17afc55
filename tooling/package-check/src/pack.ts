import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './command.ts';

export interface Packed {
  readonly name: string;
  readonly tarball: string;
  /** Whether the package can be imported; a command alone cannot. */
  readonly importable: boolean;
}

/** Packs every public package of the workspace into `folder`, as `pnpm publish` would. */
export function packAll(workspace: string, folder: string): Packed[] {
  const listing = run('pnpm', ['ls', '-r', '--depth=-1', '--json'], workspace);
  const members = JSON.parse(listing) as { path: string; private?: boolean }[];
  return members.filter((member) => member.private !== true).map(({ path }) => pack(path, folder));
}

function pack(path: string, folder: string): Packed {
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
    name: string;
    exports?: Record<string, unknown>;
  };
  const destination = join(folder, manifest.name.replace('@', '').replace('/', '-'));
  run('pnpm', ['pack', '--pack-destination', destination], path);
  const [tarball] = readdirSync(destination);
  if (tarball === undefined) throw new Error(`pnpm pack left no tarball of ${manifest.name}`);
  return {
    name: manifest.name,
    tarball: join(destination, tarball),
    importable: manifest.exports?.['.'] !== undefined,
  };
}
