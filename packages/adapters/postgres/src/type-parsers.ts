import { types, type CustomTypesConfig } from 'pg';

type TypeId = (typeof types.builtins)[keyof typeof types.builtins];

const toNumber = (text: string): number => Number(text);

/**
 * How values arrive: as `pg` gives them, but `int8` as a number, since every number that is stored here is a safe
 * integer. The parsers of `pg` itself belong to the whole process and stay as they are.
 */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: TypeId, format?: 'text') =>
    oid === types.builtins.INT8
      ? toNumber
      : (types.getTypeParser(oid, format) as unknown)) as typeof types.getTypeParser,
};
