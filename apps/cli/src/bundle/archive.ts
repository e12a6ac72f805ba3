import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { BundleFile, Missing } from './collect.js';

/** What stands first in a bundle, for who opens it. */
export function contents(files: readonly BundleFile[], missing: readonly Missing[]): string {
  return [
    'Made by `npx slipway doctor --bundle` through the public API. No secret is in it: no key, no token, no value of an environment',
    'variable; what looks like one in a log or a reason is covered. Names of owners, instances and folders are in it.',
    '',
    ...files.map(({ name, about }) => `${name}: ${about}`),
    ...(missing.length ? ['', 'Could not be read:', ...missing.map(({ name, reason }) => `${name}: ${reason}`)] : []),
    '',
  ].join('\n');
}

/** A `.tar.gz` of texts, below one folder. */
export async function archive(folder: string, files: readonly Pick<BundleFile, 'name' | 'text'>[]): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar.pipe(createGzip()));
  for (const { name, text } of files) tar.entry({ name: `${folder}/${name}`, mode: 0o600 }, text);
  tar.finalize();
  return bytes;
}
