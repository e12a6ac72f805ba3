import { resolve } from 'node:path';

/** The clone: `libs/testing/{src,dist}/mesh` is four folders deep in it. */
export const root = resolve(import.meta.dirname, '../../../..');
