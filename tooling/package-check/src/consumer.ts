import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './command.ts';

/** Makes an empty project from `template` and installs the tarballs into it with npm. */
export function makeConsumer(template: string, project: string, tarballs: readonly string[]): void {
  cpSync(template, project, { recursive: true });
  run(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs],
    project,
  );
}

export function assertNoNativeCode(project: string): void {
  const modules = join(project, 'node_modules');
  const native = readdirSync(modules, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.node'),
  );
  if (native.length > 0) throw new Error(`native code in node_modules: ${native.join(', ')}`);
}

/** Nothing of dagger is there but the packages that were asked for. */
export function assertOnly(project: string, names: readonly string[]): void {
  const found = readdirSync(join(project, 'node_modules', '@dagger')).toSorted();
  if (found.join() !== names.join()) throw new Error(`in node_modules/@dagger: ${found.join()}`);
}
