import { userInfo } from 'node:os';

/** Who decides here. A user without a name in the system, as in some containers, decides without a name. */
export const whoAmI = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
};
