import { join } from 'node:path';
import type { InstanceSpec } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';

/** Folder in an instance's own where artefacts that go into it stand. What it was made of is elsewhere: an update leaves them as they are. */
export const TARGET_FOLDER = 'target';

/** The app reads there what others bring, and writes nothing: who brings it may be root. */
export async function makeTargetFolder(
  home: string,
  { targetFolders = [] }: InstanceSpec,
  filesystem: Filesystem,
): Promise<void> {
  const below = targetFolders.flatMap((path) =>
    path.split('/').map((_, at, parts) => join(TARGET_FOLDER, ...parts.slice(0, at + 1))),
  );
  for (const path of targetFolders.length > 0 ? [TARGET_FOLDER, ...below] : [])
    await filesystem.mkdir(join(home, path), { mode: 0o755 });
}

/** What others that bring artefacts are told; nothing where it takes none. */
export const targetOutputs = (home: string, { targetFolders }: InstanceSpec): { folder?: string } =>
  targetFolders ? { folder: join(home, TARGET_FOLDER) } : {};
