export type Version = readonly [major: number, minor: number, patch: number];

/** Whether a server is older; a version that cannot be read is taken for a new one. */
export const isBefore = (version: string, least: Version): boolean => {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return false;
  for (const [i, wanted] of least.entries()) {
    const part = parts[i] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
};
