/**
 * A statement about a variable: that it holds (`2 * variable`), or that it does not (`2 * variable + 1`). What PubGrub calls a
 * term, about one resource or one wire instead of a range of versions.
 */
export type Term = number;
export type Variable = number;

export const holds = (variable: Variable): Term => variable * 2;
export const not = (term: Term): Term => term ^ 1;
export const variableOf = (term: Term): Variable => term >> 1;
export const isNegative = (term: Term): boolean => (term & 1) === 1;
