import type { JsonObject } from '../json.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where log lines go; the fields of a node's lines include `runId`, `dag`, `nodeId` and `attempt`. */
export type Logger = (level: LogLevel, message: string, fields: JsonObject) => void;

/** The logger of one attempt. */
export interface NodeLogger {
  debug(message: string, fields?: JsonObject): void;
  info(message: string, fields?: JsonObject): void;
  warn(message: string, fields?: JsonObject): void;
  error(message: string, fields?: JsonObject): void;
}

export const silentLogger: Logger = () => {};

/** Binds a logger to the fields of one attempt. */
export const nodeLogger = (log: Logger, own: JsonObject): NodeLogger => {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: JsonObject): void =>
      log(level, message, fields === undefined ? own : { ...fields, ...own });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
