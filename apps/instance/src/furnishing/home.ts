import { join } from 'node:path';
import { TAR, type InstanceSpec } from '@slipway/contracts';
import { TAR_END } from '@slipway/interfaces';
import { AtPlace, GenerationFolder, type DriverContext, type Portable, type Target } from '@slipway/provisioner';

/** `HOME` of the app: its own, empty at first, apart from the artefact. What it writes there are the instance's data. */
const HOME = 'home';

/** Makes it, with what it held elsewhere where the instance begins with data. */
export async function makeHome(staging: string, { filesystem, from, progress, log }: DriverContext): Promise<void> {
  const home = join(staging, HOME);
  await filesystem.mkdir(home, { mode: 0o700 });
  if (!from) return;
  progress(0.5, 'Restoring its home');
  await from.unpackTo(home);
  log('Restored its home');
}

/** An instance's data are what its home holds, as a tar. */
export const homeAsData: Portable<InstanceSpec> = {
  mediaType: TAR,
  accepts: [TAR],
  export: (target, _spec, context) => readHome(target, context),
};

async function readHome(target: Target, context: DriverContext): Promise<AsyncIterable<Uint8Array>> {
  const { filesystem } = context;
  const folder = new GenerationFolder(target, context);
  await folder.assertPresent();
  const home = join(folder.path, HOME);
  if (await filesystem.stat(home)) return new AtPlace(filesystem, { folder: home });
  // Made before instances had a home: nothing of it was ever kept.
  return (async function* () {
    yield TAR_END;
  })();
}
