import type { JsonObject } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';

/** A JSON file's object; `null` when it does not exist or is not one. */
export async function readJson<T extends object = JsonObject>(files: Filesystem, path: string): Promise<T | null> {
  const bytes = await files.readFile(path);
  try {
    const value: unknown = bytes && JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' ? (value as T | null) : null;
  } catch {
    return null;
  }
}
