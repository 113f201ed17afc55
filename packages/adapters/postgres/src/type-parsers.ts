import { types, type CustomTypesConfig } from 'pg';

const INT8 = 20;

const toNumber = (text: string): number => Number(text);

/**
 * How values arrive: as `pg` gives them, but `int8` as a number, since every number that is stored here is a safe
 * integer. The parsers of `pg` itself belong to the whole process and stay as they are.
 */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary'
      ? toNumber
      : (types.getTypeParser(oid, format as 'text') as unknown)) as typeof types.getTypeParser,
};
