import { join } from 'node:path';
import { SlipwayError, bytesOf, type InspectAnswer, type JsonObject, type StorageSpec } from '@slipway/contracts';
import { Docker, type DockerOptions } from '@slipway/interfaces';
import { EngineMarks, GenerationFolder, type Driver, type DriverContext, type Identity } from '@slipway/provisioner';
import { limitSize, readLimit, releaseLimit } from '../../size-limit.js';
import { furnish, lookAt } from './furnish.js';

export interface DockerVolumeOptions {
  /** The mesh's name, for the labels. */
  mesh: string;
  docker?: DockerOptions;
}

/** What the engine says of a volume. */
interface Volume {
  Driver: string;
  Mountpoint: string;
  Labels: Record<string, string> | null;
}

/** File beside the marker that says that the volume is whole: one that is missing later was lost, and is not made anew. */
const MADE = 'made';

/**
 * A storage as a named volume of a Docker engine. Outputs: `{volume}`, and `{owner}` where one was asked for.
 *
 * V1. An engine takes a volume's name twice and says nothing. So the generation's folder decides (`GenerationFolder`): it stands
 *     before the volume, its tombstone before the volume goes.
 * V2. Who made the volume looks at the folder once more, and takes the volume away again where it was given back meanwhile. So
 *     who wakes up late leaves at most an empty volume of its own generation's name, when it dies right there; `marks` tells it.
 */
export function dockerVolumeDriver({ mesh, docker: options }: DockerVolumeOptions): Driver<StorageSpec> {
  const engine = ({ command }: DriverContext) => new Docker(command, options);

  return {
    kind: 'storage',
    name: 'docker-volume',

    async ensure(target, spec, _inputs, context) {
      const folder = new GenerationFolder(target, context);
      const marks = await EngineMarks.at(context, mesh);
      const docker = engine(context);
      const name = marks.nameOf(target);
      await folder.make(target.definition, async () => context.log(`A volume ${name}`));
      let effect: 'made' | 'found' = 'found';
      try {
        if ((await context.filesystem.stat(join(folder.path, MADE))) === null) {
          context.progress(0.3, 'Making the volume');
          await docker.run(['volume', 'create', ...marks.labelling(target), name]);
          await assertStands(folder);
          const { Mountpoint } = await ours(docker, marks, target);
          await furnish(Mountpoint, spec, context);
          if (spec.sizeLimit !== undefined) await limitSize(folder.path, Mountpoint, bytesOf(spec.sizeLimit), context);
          effect = await completed(folder, context);
        }
        const observed = await observe(folder, docker, marks, target, context);
        await assertStands(folder);
        context.progress(1, `${effect === 'found' ? 'Found' : 'Made'} volume ${name}`);
        const outputs = { volume: name, ...(spec.owner !== undefined && { owner: spec.owner }) };
        return { effect, outputs, observed };
      } catch (error) {
        if ((await folder.standing()) === 'present') throw error;
        await remove(docker, marks, target);
        throw givenBack(folder);
      }
    },

    async inspect(target, context): Promise<InspectAnswer> {
      const folder = new GenerationFolder(target, context);
      const standing = await folder.standing();
      const marks = await EngineMarks.known(context, mesh);
      if (marks === null || standing === 'absent') return { state: standing, observed: {} };
      const docker = engine(context);
      if (standing === 'destroyed') {
        const gone = (await docker.inspect('volume', marks.nameOf(target))) === null;
        return { state: gone ? 'destroyed' : 'partial', observed: {} };
      }
      const whole = (await context.filesystem.stat(join(folder.path, MADE))) !== null;
      if (!whole) return { state: 'partial', observed: {} };
      return { state: 'present', observed: await observe(folder, docker, marks, target, context) };
    },

    async destroy(target, context) {
      const folder = new GenerationFolder(target, context);
      const effect = await folder.destroy((path) => releaseLimit(path, context));
      const marks = await EngineMarks.known(context, mesh);
      const removed = marks !== null && (await remove(engine(context), marks, target));
      context.log(removed ? `Removed volume ${marks.nameOf(target)}` : 'There was no volume');
      return removed ? 'destroyed' : effect;
    },

    marks: (context) => EngineMarks.all(context, engine(context), 'volume'),
  };
}

async function observe(
  folder: GenerationFolder,
  docker: Docker,
  marks: EngineMarks,
  target: Identity,
  context: DriverContext,
): Promise<JsonObject> {
  const volume = await docker.inspect<Volume>('volume', marks.nameOf(target));
  if (volume === null) return { exists: false };
  marks.assertOurs(`volume ${marks.nameOf(target)}`, volume.Labels, target);
  const sizeLimit = await readLimit(folder.path, context);
  return { exists: true, driver: volume.Driver, ...(await lookAt(volume.Mountpoint, context)), ...(sizeLimit && { sizeLimit }) };
}

async function ours(docker: Docker, marks: EngineMarks, target: Identity): Promise<Volume> {
  const name = marks.nameOf(target);
  const volume = await docker.inspect<Volume>('volume', name);
  if (volume === null) throw new SlipwayError('driver-failed', `Volume ${name} was removed while it was made`);
  marks.assertOurs(`volume ${name}`, volume.Labels, target);
  return volume;
}

/** Takes this generation's volume away; whether there was one. */
async function remove(docker: Docker, marks: EngineMarks, target: Identity): Promise<boolean> {
  const name = marks.nameOf(target);
  const volume = await docker.inspect<Volume>('volume', name);
  if (volume === null) return false;
  marks.assertOurs(`volume ${name}`, volume.Labels, target);
  return docker.remove('volume', name);
}

/** Says that the volume is whole; `found` when another one, who worked on it too, has said so first. */
async function completed(folder: GenerationFolder, { filesystem }: DriverContext): Promise<'made' | 'found'> {
  try {
    await filesystem.writeFile(join(folder.path, MADE), '', { exclusive: true });
    return 'made';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'found';
    throw error;
  }
}

const givenBack = (folder: GenerationFolder) => new SlipwayError('generation-old', `${folder.path} was given back`);

async function assertStands(folder: GenerationFolder): Promise<void> {
  if ((await folder.standing()) !== 'present') throw givenBack(folder);
}
