import { join } from 'node:path';
import { TAR, bytesOf, type InspectAnswer, type JsonObject, type StorageSpec } from '@slipway/contracts';
import { assertRoom } from '@slipway/interfaces';
import {
  AtPlace,
  GenerationFolder,
  generationMarks,
  type Driver,
  type Fence,
  type DriverContext,
  type Identity,
} from '@slipway/provisioner';
import { assertWithin, changeLimit, limitSize, readLimit, releaseLimit } from '../../size-limit.js';

/** Where the data stand within the generation's folder, beside the marker: what the owner does there can't harm the mark. */
const DATA = 'data';

const DEFAULT_MODE = '0750';

/**
 * A storage as a folder. Outputs: `{path}`. A size limit is enforced by a project quota where the file system has them,
 * else reported as not enforced, with the reason. Its data are its files; owners are those of the place that they come to.
 */
export function directoryDriver(): Driver<StorageSpec> {
  return {
    kind: 'storage',
    name: 'directory',
    anywhere: true,
    outputs: ['path'],
    adopts: ['mode', 'owner'],
    repairs: ['exists', 'mode', 'sizeLimit'],

    async ensure(target, spec, _inputs, context) {
      const generation = new GenerationFolder(target, context);
      const path = join(generation.path, DATA);
      const effect = await generation.make(target.definition, (staging) => fill(staging, spec, context));
      context.progress(1, effect === 'made' ? `Made ${path}` : `Found ${path}`);
      return { effect, outputs: { path }, observed: await observe(generation, context) };
    },

    inspect: (target, context) => inspect(target, context),

    async destroy(target, context) {
      const generation = new GenerationFolder(target, context);
      const effect = await generation.destroy((path) => releaseLimit(path, context));
      context.log(effect === 'destroyed' ? `Removed ${generation.path}` : `Nothing stood at ${generation.path}`);
      return effect;
    },

    marks: generationMarks,

    updatable: {
      inPlace: ['mode', 'sizeLimit'],
      replaces: [],
      async update(target, spec, _inputs, context) {
        const generation = new GenerationFolder(target, context);
        await generation.assertPresent();
        await change(generation, spec, context);
        context.progress(1, `Changed ${generation.path}`);
        return { outputs: { path: join(generation.path, DATA) }, observed: await observe(generation, context) };
      },
    },
    portable: {
      mediaType: TAR,
      accepts: [TAR],
      async export(target, _spec, context) {
        const generation = new GenerationFolder(target, context);
        await generation.assertPresent();
        return new AtPlace(context.filesystem, { folder: join(generation.path, DATA) });
      },
    },
  };
}

async function fill(staging: string, spec: StorageSpec, context: DriverContext): Promise<void> {
  const { filesystem, log, progress, from } = context;
  const data = join(staging, DATA);
  const mode = spec.mode ?? DEFAULT_MODE;
  progress(0.2, 'Making the folder');
  await filesystem.mkdir(data, { mode: Number.parseInt(mode, 8) });
  log(`Made a folder with mode ${mode}`);
  if (spec.sizeLimit !== undefined) await limitSize(staging, data, bytesOf(spec.sizeLimit), context);
  if (from) {
    progress(0.4, 'Restoring its files');
    assertRoom('where the folder stands', from.contentBytes, await filesystem.freeBytes(data));
    await from.unpackTo(data);
  }
  if (spec.owner !== undefined) {
    const [uid, gid] = ownerOf(spec.owner);
    await filesystem.chown(data, uid, gid, { recursive: true });
    log(`Gave it to ${uid}:${gid}`);
  }
}

/** Makes what stands as the spec says. Its owner stays: whoever is wired to it was given it. */
async function change(folder: GenerationFolder, spec: StorageSpec, context: DriverContext): Promise<void> {
  const bytes = spec.sizeLimit === undefined ? undefined : bytesOf(spec.sizeLimit);
  await assertWithin(folder.path, join(folder.path, DATA), bytes, context);
  const fence = await folder.claim(context.command);
  await standAgain(folder, fence, spec, context);
  const mode = spec.mode ?? DEFAULT_MODE;
  await fence.command.execOrThrow(['chmod', mode, '--', join(folder.path, DATA)]);
  await changeLimit(folder, join(folder.path, DATA), bytes, fence, context);
  context.log(`Mode ${mode}, ${spec.sizeLimit === undefined ? 'no limit' : `at most ${spec.sizeLimit}`}`);
}

/** Where somebody has removed the folder below its mark it is made anew, empty. */
async function standAgain(folder: GenerationFolder, fence: Fence, spec: StorageSpec, context: DriverContext): Promise<void> {
  if ((await context.filesystem.stat(join(folder.path, DATA)))?.type === 'directory') return;
  const { sizeLimit: _limitedAfterwards, ...bare } = spec;
  const { from: _kept, ...empty } = context;
  await folder.renew(
    fence,
    (staging) => fill(staging, bare, empty),
    ({ put }) => put(DATA),
  );
  context.log(`${join(folder.path, DATA)} was gone, and is there again, empty`);
}

async function inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
  const generation = new GenerationFolder(target, context);
  const state = await generation.standing();
  return { state, observed: state === 'present' ? await observe(generation, context) : {} };
}

async function observe({ path }: GenerationFolder, context: DriverContext): Promise<JsonObject> {
  const data = await context.filesystem.stat(join(path, DATA));
  if (data?.type !== 'directory') return { exists: false };
  const sizeLimit = await readLimit(path, context);
  return {
    exists: true,
    mode: `0${(data.mode & 0o777).toString(8).padStart(3, '0')}`,
    owner: `${data.uid}:${data.gid}`,
    ...(sizeLimit && { sizeLimit }),
  };
}

/** `uid` alone means the group of the same number. */
function ownerOf(owner: string): [number, number] {
  const [uid, gid = uid] = owner.split(':');
  return [Number(uid), Number(gid)];
}
