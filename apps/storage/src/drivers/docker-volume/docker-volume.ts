import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError, TAR, bytesOf, type InspectAnswer, type JsonObject, type StorageSpec } from '@slipway/contracts';
import type { Docker, DockerOptions } from '@slipway/interfaces';
import {
  AtPlace,
  EngineMarks,
  GenerationFolder,
  assertEngine,
  engineAt,
  type Driver,
  type DriverContext,
  type Identity,
  type Target,
} from '@slipway/provisioner';
import { limitSize, readLimit, releaseLimit } from '../../size-limit.js';
import { furnish, lookAt } from './furnish.js';

export interface DockerVolumeOptions {
  /** The mesh's name, for the labels. */
  mesh: string;
  /** The engine of this machine. */
  docker?: DockerOptions;
}

/** What the engine says of a volume. */
interface Volume {
  Driver: string;
  Mountpoint: string;
}

/** File in the generation's folder: the name of its volume. */
const RECORD = 'volume';

/**
 * A storage as a named volume of a Docker engine. Outputs: `{volume}`, and `{owner}` where one was asked for. Its data are its
 * files, as those of a folder are.
 *
 * V1. An engine takes a volume's name twice and says nothing, so names exclude nobody. Each attempt makes a volume under a name
 *     of its own and fills it; the generation's folder says which one counts, and gets its name in one go when that is whole.
 * V2. Who does not come to that takes his own volume away. What he leaves when he dies carries our labels: the next ensure of a
 *     later epoch takes it away, and so does a destroy; `marks` tells it.
 */
export function dockerVolumeDriver({ mesh, docker: options }: DockerVolumeOptions): Driver<StorageSpec> {
  const engine = (context: DriverContext) => engineAt(context, options);

  return {
    kind: 'storage',
    name: 'docker-volume',
    anywhere: true,
    outputs: ['volume', 'owner'],
    adopts: ['mode', 'owner'],

    async ensure(target, spec, _inputs, context) {
      await assertEngine(context, options);
      const folder = new GenerationFolder(target, context);
      const marks = await EngineMarks.at(context, mesh);
      const docker = engine(context);
      const own = `${marks.nameOf(target)}-${randomBytes(6).toString('hex')}`;
      const effect = await folder
        .make(target.definition, (staging) => fill(own, staging, { target, spec, marks, docker, context }))
        .catch(async (error: unknown) => {
          // What can't be taken away now carries our labels, and goes later.
          await docker.remove('volume', own).catch(() => {});
          // Data that were cut off by the end of the step look like damaged ones.
          throw context.signal.aborted ? context.signal.reason : error;
        });
      const volume = await recorded(folder, context);
      if (volume !== own) await docker.remove('volume', own);
      context.progress(1, `${effect === 'found' ? 'Found' : 'Made'} volume ${volume}`);
      const outputs = { volume, ...(spec.owner !== undefined && { owner: spec.owner }) };
      return { effect, outputs, observed: await observe(folder, docker, context) };
    },

    async inspect(target, context): Promise<InspectAnswer> {
      const folder = new GenerationFolder(target, context);
      const state = await folder.standing();
      if (state === 'present') return { state, observed: await observe(folder, engine(context), context) };
      const left = state === 'destroyed' && (await ofGeneration(target, mesh, engine(context), context)).length > 0;
      return { state: left ? 'partial' : state, observed: {} };
    },

    async destroy(target, context) {
      const folder = new GenerationFolder(target, context);
      const effect = await folder.destroy((path) => releaseLimit(path, context));
      const docker = engine(context);
      const left = await ofGeneration(target, mesh, docker, context);
      for (const volume of left) await docker.remove('volume', volume);
      context.log(left.length > 0 ? `Removed volume ${left.join(', ')}` : 'There was no volume');
      return left.length > 0 ? 'destroyed' : effect;
    },

    marks: (context) => EngineMarks.all(context, engine(context), 'volume'),

    portable: {
      mediaType: TAR,
      accepts: [TAR],
      async export(target, _spec, context) {
        const folder = new GenerationFolder(target, context);
        await folder.assertPresent();
        const name = await recorded(folder, context);
        const volume = await engine(context).inspect<Volume>('volume', name);
        const there = volume && (await context.filesystem.stat(volume.Mountpoint).catch(() => null));
        if (there?.type !== 'directory') {
          throw new SlipwayError('not-portable', `The files of volume ${name} cannot be reached from here`, { volume: name });
        }
        return new AtPlace(context.filesystem, { folder: volume!.Mountpoint });
      },
    },
  };
}

interface Work {
  target: Target;
  spec: StorageSpec;
  marks: EngineMarks;
  docker: Docker;
  context: DriverContext;
}

async function fill(name: string, staging: string, { target, spec, marks, docker, context }: Work): Promise<void> {
  context.progress(0.2, 'Making the volume');
  for (const { name: left, labels } of await docker.list('volume', marks.labelsOfGeneration(target))) {
    if (EngineMarks.epochOf(labels) < target.epoch) await docker.remove('volume', left);
  }
  await docker.run(['volume', 'create', ...marks.labelling(target), name]);
  context.log(`Made volume ${name}`);
  const volume = await docker.inspect<Volume>('volume', name);
  if (volume === null) throw new SlipwayError('driver-failed', `Volume ${name} was removed while it was made`);
  if (spec.sizeLimit !== undefined) await limitSize(staging, volume.Mountpoint, bytesOf(spec.sizeLimit), context);
  await furnish(volume.Mountpoint, spec, context);
  await context.filesystem.writeFile(join(staging, RECORD), name);
}

/** Name of the volume that counts. */
async function recorded(folder: GenerationFolder, { filesystem }: DriverContext): Promise<string> {
  const name = (await filesystem.readFile(join(folder.path, RECORD)))?.toString('utf8');
  if (!name) throw new SlipwayError('generation-old', `${folder.path} was given back`);
  return name;
}

async function observe(folder: GenerationFolder, docker: Docker, context: DriverContext): Promise<JsonObject> {
  const volume = await docker.inspect<Volume>('volume', await recorded(folder, context));
  if (volume === null) return { exists: false };
  const sizeLimit = await readLimit(folder.path, context);
  return { exists: true, driver: volume.Driver, ...(await lookAt(volume.Mountpoint, context)), ...(sizeLimit && { sizeLimit }) };
}

/** All volumes of a generation, also those that never came to count. */
async function ofGeneration(target: Identity, mesh: string, docker: Docker, context: DriverContext): Promise<string[]> {
  const marks = await EngineMarks.known(context, mesh);
  if (marks === null) return [];
  return (await docker.list('volume', marks.labelsOfGeneration(target))).map(({ name }) => name);
}
