/** Compares texts by UTF-16 code units: the same order on every machine. */
export const inOrder = (a: string, b: string): number => Number(a > b) - Number(a < b);
