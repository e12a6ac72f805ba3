import { SlipwayError } from '@slipway/contracts';

/** What a system says of a path (errno(3)), in words for whoever is far from it. */
const SAID: Readonly<Record<string, (path: string) => SlipwayError>> = {
  ENOENT: (path) => missing(path, `There is no ${path}`),
  ENOTDIR: (path) => wrong(path, `A file stands in the way of ${path}`),
  EEXIST: (path) => wrong(path, `Something stands at ${path}, or in its way`),
  EISDIR: (path) => wrong(path, `${path} is a folder, not a file`),
  ELOOP: (path) => wrong(path, `${path} leads through a link, or too many of them`),
  ENAMETOOLONG: (path) => wrong(path, `${path} is too long for a name there`),
  EACCES: (path) => wrong(path, `Who uses the lease may not do that with ${path}`),
  EPERM: (path) => wrong(path, `Who uses the lease may not do that with ${path}`),
  EROFS: (path) => wrong(path, `${path} can only be read there`),
  ENOSPC: (path) => full(path),
  EDQUOT: (path) => full(path),
};

const missing = (path: string, message: string) => new SlipwayError('not-found', message, { path });
const wrong = (path: string, message: string) => new SlipwayError('bad-input', message, { path });
const full = (path: string) => new SlipwayError('no-space', `There is no room for ${path}`, { path });

/** Does something with what stands at a path; what a system's error means for whoever named the path is thrown as one of our own. */
export async function atPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  return said(path, SAID, work);
}

/** The same for what is written: what lacks then is the folder that it goes to. */
export async function toPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  return said(
    path,
    { ...SAID, ENOENT: () => missing(path, `There is no folder for ${path}: make it first (filesystem mkdir)`) },
    work,
  );
}

async function said<T>(path: string, words: typeof SAID, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof SlipwayError ? undefined : (error as NodeJS.ErrnoException | null)?.code;
    throw (code !== undefined && words[code]?.(path)) || error;
  }
}
