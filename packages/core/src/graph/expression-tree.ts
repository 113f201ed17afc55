import type { ASTNode } from '@marcbachmann/cel-js';

export const isAstNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

/** What a node of an expression is made of: further nodes, at any depth of lists, and plain parts such as names. */
export const operandsOf = (node: ASTNode): readonly unknown[] =>
  Array.isArray(node.args) ? (node.args as readonly unknown[]).flat(2) : [node.args];
