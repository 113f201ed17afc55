import { DaggerError } from '@dagger/core';

/** Headers have to fit those of any broker. @throws DaggerError MESSAGE_INVALID */
export const checkHeaders = (headers: Readonly<Record<string, unknown>>): void => {
  for (const [name, value] of Object.entries(headers))
    if (typeof value !== 'string' || !/^[!-9;-~]+$/.test(name) || /[\r\n\0]/.test(value))
      throw new DaggerError(
        'MESSAGE_INVALID',
        `header ${JSON.stringify(name)} must be a text in one line, with a name of printable characters without colon`,
      );
};
