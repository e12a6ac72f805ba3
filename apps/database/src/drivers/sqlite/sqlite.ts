import { join } from 'node:path';
import { SlipwayError, type DatabaseSpec, type InspectAnswer, type JsonObject } from '@slipway/contracts';
import {
  AtPlace,
  GenerationFolder,
  generationMarks,
  type Driver,
  type DriverContext,
  type Identity,
  type Target,
} from '@slipway/provisioner';
import { SCRIPT } from './script.js';

/** Beside the marker, in a folder of its own: SQLite keeps its `-wal` and `-shm` files next to the database. */
const DATA = 'data';
const FILE = 'database.sqlite';

/** A big schema or a big database takes its time; the step's own deadline ends it before, when it is shorter. */
const LONGEST = 21_600_000;

/** Exit code of the script. */
const INVALID = 2;

/** Of its data: the file itself (https://www.iana.org/assignments/media-types/application/vnd.sqlite3). */
const SQLITE = 'application/vnd.sqlite3';

/**
 * A database as an SQLite file in WAL mode, its schema made in one transaction. Outputs: `{path, url: 'sqlite:<path>'}`.
 * SQLite is reached through `command` only, by a script that runs in Node. Its data are a copy of all its pages as they are at
 * one moment; one that begins with data has the schema that they bring.
 */
export function sqliteDriver(): Driver<DatabaseSpec> {
  return {
    kind: 'database',
    name: 'sqlite',
    outputs: ['path', 'url'],
    adopts: ['schema'],
    repairs: ['exists'],

    async ensure(target, spec, _inputs, context) {
      const generation = new GenerationFolder(target, context);
      const path = join(generation.path, DATA, FILE);
      let made: JsonObject = {};
      const effect = await generation.make(target.definition, async (staging) => {
        const { filesystem, progress, log } = context;
        progress(0.2, 'Making the database');
        await filesystem.mkdir(join(staging, DATA), { mode: 0o750 });
        const file = join(staging, DATA, FILE);
        if (context.from) await context.from.writeTo(file, { mode: 0o640 });
        made = await sqlite(
          context,
          context.from ? { do: 'adopt', path: file } : { do: 'make', path: file, schema: spec.schema ?? '' },
        );
        log(`${context.from ? 'Restored' : 'Made'} a database with ${String(made['tables'])} tables`);
      });
      context.progress(0.8, 'Checking its integrity');
      const observed = effect === 'made' ? (made['observed'] as JsonObject) : await observe(generation, context);
      if (observed['integrity'] !== 'ok') {
        throw new SlipwayError('driver-failed', `${path} is damaged: ${String(observed['integrity'])}`, { path });
      }
      context.progress(1, effect === 'made' ? `Made ${path}` : `Found ${path}`);
      return { effect, outputs: { path, url: `sqlite:${path}` }, observed };
    },

    inspect: (target, context) => inspect(target, context),

    async destroy(target, context) {
      const generation = new GenerationFolder(target, context);
      const effect = await generation.destroy();
      context.log(effect === 'destroyed' ? `Removed ${generation.path}` : `Nothing stood at ${generation.path}`);
      return effect;
    },

    marks: generationMarks,

    // Another version of its definition with the same schema: there is nothing to be done at the place.
    updatable: {
      inPlace: [],
      replaces: [],
      async update(target, spec, _inputs, context) {
        const generation = new GenerationFolder(target, context);
        await generation.assertPresent();
        const path = join(generation.path, DATA, FILE);
        if ((await context.filesystem.stat(path)) === null) await standAgain(generation, spec, context);
        else context.log(`${path} stays as it is`);
        return { outputs: { path, url: `sqlite:${path}` }, observed: await observe(generation, context) };
      },
    },

    portable: { mediaType: SQLITE, accepts: [SQLITE], export: (target, _spec, context) => copyOf(target, context) },
  };
}

/** Where somebody has removed the file below its mark it is made anew: with its schema, without its data. */
async function standAgain(generation: GenerationFolder, { schema = '' }: DatabaseSpec, context: DriverContext): Promise<void> {
  const fence = await generation.claim(context.command);
  const make = async (staging: string) => {
    await context.filesystem.mkdir(join(staging, DATA), { mode: 0o750 });
    await sqlite(context, { do: 'make', path: join(staging, DATA, FILE), schema });
  };
  await generation.renew(fence, make, ({ put }) => put(DATA));
  context.log(`${join(generation.path, DATA, FILE)} was gone, and is there again, without its data`);
}

/** The file of a copy, which goes when it has been read. */
async function copyOf(target: Target, context: DriverContext): Promise<AsyncIterable<Uint8Array>> {
  const { filesystem, progress } = context;
  const generation = new GenerationFolder(target, context);
  const aside = await generation.aside();
  try {
    progress(undefined, 'Copying the database as it is now');
    const copy = join(aside, FILE);
    await sqlite(context, { do: 'copy', path: join(generation.path, DATA, FILE), to: copy });
    return new AtPlace(filesystem, { file: copy }, () => filesystem.remove(aside));
  } catch (error) {
    await filesystem.remove(aside);
    throw error;
  }
}

async function inspect(target: Identity, context: DriverContext): Promise<InspectAnswer> {
  const generation = new GenerationFolder(target, context);
  const state = await generation.standing();
  return { state, observed: state === 'present' ? await observe(generation, context) : {} };
}

const observe = (generation: GenerationFolder, context: DriverContext): Promise<JsonObject> =>
  sqlite(context, { do: 'look', path: join(generation.path, DATA, FILE) });

/** Runs the script with a task as its input, so that nothing of it stands in arguments; its answer is one line of JSON. */
async function sqlite(context: DriverContext, task: JsonObject): Promise<JsonObject> {
  const { exitCode, stdout, stderr } = await context.command.exec([process.execPath, '--input-type=module', '--eval', SCRIPT], {
    input: JSON.stringify(task),
    timeoutMs: LONGEST,
  });
  if (exitCode === 0) return JSON.parse(stdout) as JsonObject;
  const said = stderr.trim();
  if (exitCode === INVALID && task['do'] === 'adopt') {
    throw new SlipwayError('archive-invalid', `The database is refused: ${said}`, { reason: said });
  }
  if (exitCode === INVALID) {
    throw new SlipwayError('spec-invalid', `schema: ${said}`, { fields: [{ field: 'schema', reason: said }] });
  }
  throw new SlipwayError('driver-failed', `SQLite could not ${String(task['do'])} the database: ${said}`);
}
