import { dirname, join } from 'node:path';
import { FILE_PATH, type InstanceSpec } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import { fillIn, specInvalid } from './placeholders.js';

/**
 * Writes a spec's small files beside the artefact, mode 0440, placeholders filled in. Throws `spec-invalid` for a path that leads
 * elsewhere, and for one that is taken: what the artefact brings is never overwritten unseen.
 */
export async function writeAppFiles(
  files: NonNullable<InstanceSpec['files']>,
  values: Record<string, string>,
  app: string,
  filesystem: Filesystem,
): Promise<void> {
  for (const [path, template] of Object.entries(files)) {
    const field = `files.${path}`;
    if (!FILE_PATH.test(path)) throw specInvalid(field, 'it is no path beside the artefact');
    const text = fillIn(field, template, values);
    try {
      await filesystem.mkdir(dirname(join(app, path)));
      await filesystem.writeFile(join(app, path), text, { mode: 0o440, exclusive: true });
    } catch (error) {
      const taken = ['EEXIST', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code));
      throw taken ? specInvalid(field, 'something stands there already') : error;
    }
  }
}
