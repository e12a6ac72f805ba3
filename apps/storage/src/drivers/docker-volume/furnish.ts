import { SlipwayError, type JsonObject, type StorageSpec } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';

/**
 * Gives a volume its data, and its folder the owner and mode that were asked for, from where the engine keeps it. Throws where
 * that can't be reached (another driver's volume, an engine elsewhere, not root) and is needed.
 */
export async function furnish(mountpoint: string, { mode, owner }: StorageSpec, context: DriverContext): Promise<void> {
  const { filesystem, from } = context;
  if (mode === undefined && owner === undefined && from === undefined) return;
  if ((await filesystem.stat(mountpoint).catch(() => null)) === null) {
    const what = from ? 'data' : mode === undefined ? 'owner' : 'mode';
    const reason = `the folder of the volume (${mountpoint}) cannot be reached from here`;
    if (from) throw new SlipwayError('not-portable', `${what}: ${reason}`);
    throw new SlipwayError('spec-invalid', `${what}: ${reason}; leave it out, and let the image decide`, { field: what, reason });
  }
  if (mode !== undefined) await filesystem.chmod(mountpoint, Number.parseInt(mode, 8));
  if (from) {
    context.progress(0.4, 'Restoring its files');
    await from.unpackTo(mountpoint);
  }
  if (owner === undefined) return;
  const [uid, gid = uid] = owner.split(':');
  await filesystem.chown(mountpoint, Number(uid), Number(gid), { recursive: true });
  context.log(`Gave it to ${owner}`);
}

/** Owner and mode of a volume's folder; nothing where it can't be reached. */
export async function lookAt(mountpoint: string, { filesystem }: DriverContext): Promise<JsonObject> {
  const data = await filesystem.stat(mountpoint).catch(() => null);
  if (data === null) return {};
  return { mode: `0${(data.mode & 0o777).toString(8).padStart(3, '0')}`, owner: `${data.uid}:${data.gid}` };
}
