import { randomBytes } from 'node:crypto';
import { SlipwayError, type DatabaseSpec, type InspectAnswer } from '@slipway/contracts';
import type { DatabasesOnServerConfig } from '@slipway/mesh';
import { secretPrefix, type Driver, type DriverContext, type Identity, type Target } from '@slipway/provisioner';
import { dumpFile, dumpsAt, readOnce } from './dumps.js';
import type { Admission, Engine, Generation, Standing } from './engine.js';
import { nameOnServer } from './naming.js';
import type { ServerPlace } from './server-place.js';

/** What a driver of databases on servers is made of. */
export interface OnServerOptions {
  /** Part of every name on the server, so that several meshes may share it. */
  mesh: string;
  /** `databases.<engine>` of the configuration. */
  config: DatabasesOnServerConfig;
}

export interface ServerDriverOptions extends OnServerOptions {
  name: string;
  place: ServerPlace;
  /** Of the dumps that the engine's own tool makes. */
  mediaType: string;
}

/**
 * Databases on a server, each with a role of its own that nobody else may be. How makers and destroyers keep out of each
 * other's way is said at {@link Engine}.
 */
export function serverDriver({ name, mesh, config, place, mediaType }: ServerDriverOptions): Driver<DatabaseSpec> {
  const generationOf = (target: Identity): Generation => ({
    name: nameOnServer(mesh, target),
    resource: target.resource,
    generation: target.generation,
    epoch: target.epoch,
  });

  return {
    kind: 'database',
    name,
    outputs: ['engine', 'host', 'port', 'database', 'user', 'password', 'url', 'tls', 'caFile'],
    adopts: ['schema', 'connectionLimit'],
    repairs: ['connectionLimit'],

    async ensure(target, spec, _inputs, context) {
      context.progress(0.1, 'Reaching the server');
      const engine = await place.engine(context);
      const generation = generationOf(target);
      const password = await context.secrets.ensure(passwordOf(target));
      const effect = await make(engine, generation, spec, await context.secrets.read(password), context);
      // Also of what was found: who made it may have died before it came to that.
      await engine.sweep(generation);
      await dumpsAt(context).removeOlder(generation);
      const observed = await engine.look(generation);
      if (observed['exists'] !== true) {
        const gone = new SlipwayError('driver-failed', `Database ${generation.name} is gone`);
        throw await overOr(engine, generation, await engine.standing(generation), false, gone, context);
      }
      context.progress(1, effect === 'made' ? `Made ${generation.name}` : `Found ${generation.name}`);
      return { effect, outputs: { ...(await engine.outputs(generation)), password }, observed };
    },

    async inspect(target, context): Promise<InspectAnswer> {
      const engine = await place.existing(context);
      if (!engine) return { state: 'absent', observed: {} };
      const generation = generationOf(target);
      const state = stateOf(await engine.standing(generation));
      return { state, observed: state === 'present' ? await engine.look(generation) : {} };
    },

    async gives(target, context) {
      return (await place.existing(context))?.outputs(generationOf(target)) ?? {};
    },

    async destroy(target, context) {
      const engine = await place.engine(context);
      const generation = generationOf(target);
      context.progress(0.2, `Giving back ${generation.name}`);
      const buried = await engine.bury(generation);
      const cleared = await engine.clear(generation);
      await dumpsAt(context).removeAll(generation);
      await context.secrets.empty(secretPrefix(target));
      const effect = buried === 'destroyed' || cleared ? 'destroyed' : 'absent';
      context.log(effect === 'destroyed' ? `Removed ${generation.name}` : `Nothing was called ${generation.name}`);
      return effect;
    },

    async marks(context) {
      const engine = await place.existing(context);
      const marks = (await engine?.marks()) ?? [];
      return marks.map(({ resource, generation, name: called }) => ({
        resource,
        generation,
        where: `database ${called} (${name})`,
      }));
    },

    async rotate(target, spec, _inputs, context) {
      const engine = await place.engine(context);
      const generation = generationOf(target);
      await assertMade(engine, generation);
      const password = await context.secrets.put(passwordOf(target), randomBytes(PASSWORD_BYTES).toString('base64url'));
      await engine.admit(generation, admissionOf(spec, await context.secrets.read(password)));
      return { outputs: { ...(await engine.outputs(generation)), password } };
    },

    updatable: {
      inPlace: ['connectionLimit'],
      replaces: [],
      async update(target, spec, _inputs, context) {
        const engine = await place.existing(context);
        const generation = generationOf(target);
        await assertMade(engine, generation);
        const password = await context.secrets.ensure(passwordOf(target));
        const admission = admissionOf(spec, await context.secrets.read(password));
        await engine!.admit(generation, admission);
        context.progress(1, `Changed ${generation.name}`);
        context.log(`At most ${admission.connections} connections of ${generation.name}`);
        const outputs = { ...(await engine!.outputs(generation)), password };
        return { outputs, observed: await engine!.look(generation) };
      },
    },

    portable: {
      mediaType,
      accepts: [mediaType],
      async export(target, _spec, context) {
        const engine = await place.existing(context);
        const generation = generationOf(target);
        await assertMade(engine, generation);
        await dumpsAt(context).removeAll(generation);
        const password = await context.secrets.ensure(passwordOf(target));
        const file = await dumpFile(generation, context);
        context.progress(undefined, `Dumping ${generation.name} as it is now`);
        try {
          await engine!.dump(generation, await context.secrets.read(password), file);
          return readOnce(file, context);
        } catch (error) {
          await context.filesystem.remove(file);
          throw error;
        }
      },
    },

    keep: (context) => place.keep(context),
    end: (context) => place.end(context),
  };

  function admissionOf(spec: DatabaseSpec, password: string): Admission {
    return { password, connections: spec.connectionLimit ?? config.connectionLimit };
  }

  async function make(
    engine: Engine,
    generation: Generation,
    spec: DatabaseSpec,
    password: string,
    context: DriverContext,
  ): Promise<'made' | 'found'> {
    const admission = admissionOf(spec, password);
    let begun = false;
    let dump: string | undefined;
    try {
      if ((await engine.reserve(generation, admission)) === 'made') return 'found';
      begun = true;
      context.progress(0.4, `Making ${generation.name}`);
      if (context.from) {
        dump = await dumpFile(generation, context);
        await context.from.writeTo(dump, { mode: 0o600 });
      }
      const content = dump === undefined ? { schema: spec.schema ?? '' } : { dump };
      await engine.build(generation, content, admission);
      context.log(`Made ${generation.name} with ${dump === undefined ? 'its schema' : 'the data of a dump'}`);
      return await engine.complete(generation);
    } catch (error) {
      const known = await engine.standing(generation).catch(() => undefined);
      // Somebody else was faster, and has taken away what we built on.
      if (begun && known?.state === 'made') return 'found';
      throw await overOr(engine, generation, known, begun, error, context);
    } finally {
      if (dump !== undefined) await context.filesystem.remove(dump);
    }
  }
}

/** Whatever went wrong: that it was given back in the meantime is the better reason. What we still made of it goes. */
async function overOr(
  engine: Engine,
  generation: Generation,
  known: Standing | undefined,
  begun: boolean,
  error: unknown,
  context: DriverContext,
): Promise<unknown> {
  const newerStands = begun && error instanceof SlipwayError && error.code === 'generation-old' && known?.state === 'building';
  if (newerStands) await engine.bury(generation);
  else if (known?.state !== 'destroyed') return error;
  await engine.clear(generation);
  // A destroy that came before our password was made has not seen it.
  await context.secrets.empty(secretPrefix(generation));
  return new SlipwayError('generation-old', `Generation ${generation.generation} was given back`, {
    generation: generation.generation,
  });
}

async function assertMade(engine: Engine | undefined, generation: Generation): Promise<void> {
  if ((await engine?.standing(generation))?.state === 'made') return;
  throw new SlipwayError('not-found', `Database ${generation.name} does not stand here`);
}

const PASSWORD_BYTES = 32;
const passwordOf = (target: Target): string => `${secretPrefix(target)}/password`;

function stateOf({ state, remains }: Standing): InspectAnswer['state'] {
  if (state === 'made') return 'present';
  if (state === 'building') return 'partial';
  return state === 'destroyed' && remains ? 'partial' : state;
}

/** `spec-invalid` for a schema that the engine refuses. */
export const schemaRefused = (reason: string): SlipwayError =>
  new SlipwayError('spec-invalid', `schema: ${reason}`, { fields: [{ field: 'schema', reason }] });
