import { SlipwayError, type JsonObject, type StorageSpec } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';

/**
 * Gives a volume's folder the owner and mode that were asked for, from where the engine keeps it. Throws `spec-invalid` where
 * that can't be reached: another driver's volume, an engine elsewhere, or not root.
 */
export async function furnish(mountpoint: string, { mode, owner }: StorageSpec, context: DriverContext): Promise<void> {
  if (mode === undefined && owner === undefined) return;
  const field = mode === undefined ? 'owner' : 'mode';
  const reason = `the folder of the volume (${mountpoint}) cannot be changed from here: leave it out, and let the image decide`;
  try {
    if ((await context.filesystem.stat(mountpoint)) === null) throw new Error('it is not there');
    if (mode !== undefined) await context.filesystem.chmod(mountpoint, Number.parseInt(mode, 8));
    if (owner === undefined) return;
    const [uid, gid = uid] = owner.split(':');
    await context.filesystem.chown(mountpoint, Number(uid), Number(gid));
    context.log(`Gave it to ${owner}`);
  } catch (error) {
    throw new SlipwayError('spec-invalid', `${field}: ${reason}`, { field, reason }, { cause: error });
  }
}

/** Owner and mode of a volume's folder; nothing where it can't be reached. */
export async function lookAt(mountpoint: string, { filesystem }: DriverContext): Promise<JsonObject> {
  const data = await filesystem.stat(mountpoint).catch(() => null);
  if (data === null) return {};
  return { mode: `0${(data.mode & 0o777).toString(8).padStart(3, '0')}`, owner: `${data.uid}:${data.gid}` };
}
