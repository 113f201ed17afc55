import { ExitCode } from './exit-code.ts';
import { manifest } from './manifest.ts';

const numbers = (version: string): readonly [major: number, minor: number] => {
  const [major = 0, minor = 0] = (version.match(/\d+/g) ?? []).map(Number);
  return [major, minor];
};

/** Whether a version of Node is one of a range such as `>=22.13`. */
export const isAtLeast = (version: string, range: string): boolean => {
  const [major, minor] = numbers(version);
  const [leastMajor, leastMinor] = numbers(range);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
};

/** Ends the process where Node is too old: what follows may be as bad as a crash of a native module. */
export const mustBeModernNode = (): void => {
  const { node } = manifest().engines;
  const { version } = process;
  if (isAtLeast(version, node)) return;
  console.error(`error dagger needs Node ${node}, and this is ${version}`);
  process.exit(ExitCode.USAGE);
};
