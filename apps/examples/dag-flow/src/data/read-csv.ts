import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parse, CsvError } from 'csv-parse';
import { NonRetryableError } from '@dagger/core';
import { sourcePath } from './source.ts';
import type { RawRow } from './table.ts';

export interface ReadCsvOptions {
  readonly signal: AbortSignal;
  /** Told after every thousand rows which fraction of the file has been read. */
  readonly onProgress?: (fraction: number, rows: number) => void;
}

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly RawRow[];
}

const PROGRESS_EVERY = 1_000;

/** Reads a CSV file row by row. Rows of another length are kept as they are: judging them is for whoever validates. */
export const readCsv = async (source: string, options: ReadCsvOptions): Promise<CsvTable> => {
  const path = sourcePath(source);
  let columns: string[] = [];
  const rows: RawRow[] = [];
  try {
    const { size } = await stat(path);
    const parser = createReadStream(path, { signal: options.signal })
      .on('error', (error) => parser.destroy(error))
      .pipe(
        parse({
          bom: true,
          trim: true,
          info: true,
          relax_column_count: true,
          skip_empty_lines: true,
          columns: (names: string[]) => (columns = names),
        }),
      );
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      rows.push({ line: info.lines, values: record });
      if (rows.length % PROGRESS_EVERY === 0) options.onProgress?.(info.bytes / size, rows.length);
    }
  } catch (error) {
    throw explained(source, error);
  }
  return { columns, rows };
};

interface CsvRecord {
  readonly record: RawRow['values'];
  readonly info: { readonly lines: number; readonly bytes: number };
}

/** A file that is not there, or is no CSV, will be neither at the next attempt. */
const explained = (source: string, error: unknown): unknown => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'EISDIR')
    return new NonRetryableError(`there is no file at '${source}'`, { cause: error });
  if (error instanceof CsvError)
    return new NonRetryableError(`'${source}' is not a CSV file: ${error.message}`, {
      cause: error,
    });
  return error;
};
