import { join } from 'node:path';
import { bytesOf, hashOf, healthOf, type Json } from '@slipway/contracts';
import { secretPrefix, type Exchange, type Fence } from '@slipway/provisioner';
import { writeAppFiles } from '../../furnishing/app-files.js';
import type { Claimant } from '../../place/claims.js';
import { endpointAt } from '../../place/endpoint.js';
import { fillEnvironment } from '../../furnishing/environment.js';
import { makeHome } from '../../furnishing/home.js';
import { makeFolder, type Furnishing } from '../../furnishing/making.js';
import { RECORD, writeRecord } from '../../furnishing/record.js';
import { HOST, type Network } from '../../place/network.js';
import { fillIn, valuesOf } from '../../furnishing/placeholders.js';
import { takePort } from '../../place/ports.js';
import type { Range } from '../../place/ranges.js';
import { writeSecretFiles } from '../../furnishing/secret-files.js';
import { APP, HOME, SECRETS, wire, type Mount } from './mounts.js';
import type { ContainerLimits, ContainerRecord } from './record.js';
import type { DockerSpec } from './spec.js';

/** What an instance is made of. */
export type Work = Furnishing<DockerSpec>;

export interface Build extends Work {
  ports: Range;
  network: Network;
}

/** Makes an instance's folder, complete: record, secrets, artefact. Nothing of it stands at the engine yet. */
export const build = (work: Build): Promise<'made' | 'found'> =>
  makeFolder(work, (staging, claimant) => fill(work, claimant, staging));

async function fill(work: Build, claimant: Claimant, staging: string): Promise<void> {
  const { context } = work;
  context.progress(0.1, 'Choosing a port');
  const port = await takePort(work, claimant, staging);
  const { containerPort } = await furnish(work, staging, port);
  context.log(`port ${port}${containerPort === port ? '' : `, ${containerPort} in the container`}`);
  await makeHome(staging, context);
}

/**
 * Writes all of an instance that its spec decides: app, secrets, record. `before`: its record, where it stands already: an app that
 * would be made of the same is not made again.
 */
async function furnish(work: Work, staging: string, port: number, before?: ContainerRecord): Promise<ContainerRecord> {
  const { folder, target, spec, inputs, context } = work;
  const { container } = spec;
  const { address, listen } = endpointAt(context.machine);
  const containerPort = container.network === 'host' ? port : (container.port ?? port);
  const wiring = await wire(spec, inputs, context);
  const secrets = await writeSecretFiles(context, secretPrefix(target), spec, wiring.inputs, staging, folder.path);
  const inside = (path: string) => path.replace(join(folder.path, 'secrets'), SECRETS);
  const values = {
    ...valuesOf(wiring.inputs),
    ...Object.fromEntries(Object.entries(secrets.paths).map(([placeholder, path]) => [placeholder, inside(path)])),
    port: String(containerPort),
    host: container.network === 'host' ? listen : '0.0.0.0',
    'instance.name': target.resource.name,
  };
  const environment = fillEnvironment(spec.environment ?? {}, values);
  const mounts: Mount[] = [...wiring.mounts];
  if (Object.keys(secrets.paths).length > 0) {
    mounts.push({ type: 'bind', source: join(folder.path, 'secrets'), target: SECRETS, readonly: true });
  }
  const app = await makeApp(work, staging, values, before);
  if (app !== undefined && container.image)
    mounts.push({ type: 'bind', source: join(folder.path, 'app'), target: APP, readonly: true });
  mounts.push({ type: 'bind', source: join(folder.path, 'home'), target: HOME, readonly: false });
  const limits = limitsOf(spec);
  const base = { port, containerPort, container, command: spec.command ?? [], environment: { HOME, ...environment }, mounts };
  // The engine changes the other limits of a container that runs. That it listens on loopback goes without saying.
  const parts = [base, limits.openFiles ?? null, secrets.refs, inputs, app ?? null, ...(listen === HOST ? [] : [listen])];
  const record: ContainerRecord = {
    ...base,
    ...(context.machine && { address }),
    paths: Object.entries(inputs).flatMap(([input, { path, volume }]) =>
      typeof path === 'string' && path.startsWith('/') && volume === undefined ? [{ input, path }] : [],
    ),
    limits,
    health: healthOf(spec) ?? null,
    ...(spec.onFailure && { onFailure: spec.onFailure }),
    secrets: secrets.refs,
    artefact: spec.artefactBlob?.sha256 ?? null,
    ...(app !== undefined && { app }),
    made: hashOf(JSON.parse(JSON.stringify(parts)) as Json),
  };
  await writeRecord(context.filesystem, staging, record);
  return record;
}

/** What a container sees of artefact and files, or is built of: SHA-256 of what it was made of; nothing where there is none. */
async function makeApp(
  { spec, context }: Work,
  staging: string,
  values: Record<string, string>,
  before: ContainerRecord | undefined,
): Promise<string | undefined> {
  const { container, artefactBlob, files } = spec;
  if (container.import || !(artefactBlob || files)) return undefined;
  const filled = Object.entries(files ?? {}).map(([path, template]) => [path, fillIn(`files.${path}`, template, values)]);
  const made = hashOf([artefactBlob?.sha256 ?? null, filled]);
  if (made === before?.app) return made;
  const { filesystem, progress } = context;
  const app = join(staging, 'app');
  await filesystem.mkdir(app, { mode: 0o750 });
  if (artefactBlob) {
    progress(0.2, `Unpacking the artefact (${artefactBlob.bytes} bytes)`);
    await filesystem.unpack(app, await context.blobs.open(artefactBlob.sha256));
  }
  await writeAppFiles(files ?? {}, values, app, filesystem);
  return made;
}

/** File in staging: the record of an instance whose app is half replaced. */
const UNMADE = 'unmade';

/**
 * Makes of an instance that stands what its spec says, in its own folder: its port, its home and the secrets it has stay. Where its
 * container has to be made anew `quiet` takes it away first. Gives back the record, and what it is not wired to any more.
 */
export async function rebuild(
  work: Work,
  before: ContainerRecord,
  fence: Fence,
  quiet: (record: ContainerRecord, exchange: Exchange) => Promise<void>,
): Promise<ContainerRecord> {
  const { folder, context } = work;
  let record = before;
  await folder.renew(
    fence,
    async (staging) => {
      context.progress(0.1, 'Making what is new of it');
      record = await furnish(work, staging, before.port, before);
      const { app: _app, made: _made, ...unmade } = before;
      await context.filesystem.mkdir(join(staging, UNMADE), { mode: 0o700 });
      await writeRecord(context.filesystem, join(staging, UNMADE), unmade);
    },
    async (exchange) => {
      if (isMadeAnew(before, record)) {
        await quiet(record, exchange);
        // Whoever goes on after us must not take what is half replaced for what is written down.
        await exchange.put(`${UNMADE}/${RECORD}`, RECORD);
        if (record.app !== before.app) await (record.app === undefined ? exchange.take('app') : exchange.put('app'));
        await exchange.put('secrets');
      }
      await exchange.put(RECORD);
    },
  );
  return record;
}

/** Whether an engine cannot change the container of one record into that of the other: a limit that was given can't be taken away. */
export const isMadeAnew = (before: ContainerRecord, after: ContainerRecord): boolean =>
  before.made !== after.made ||
  (['memoryBytes', 'cpus', 'processes'] as const).some(
    (limit) => before.limits[limit] !== undefined && after.limits[limit] === undefined,
  );

function limitsOf({ limits = {} }: DockerSpec): ContainerLimits {
  const { memory, cpus, processes, openFiles } = limits;
  return {
    ...(memory !== undefined && { memoryBytes: bytesOf(memory) }),
    ...(cpus !== undefined && { cpus }),
    ...(processes !== undefined && { processes }),
    ...(openFiles !== undefined && { openFiles }),
  };
}
