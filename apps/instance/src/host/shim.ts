import { readFile } from 'node:fs/promises';

/** The text of a shell program of `shim/`, which is handed to `sh -c`: it need not stand where it runs. */
export const shim = (name: string): Promise<string> => readFile(new URL(`../../shim/${name}`, import.meta.url), 'utf8');
