import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { bytesOf, healthOf, SlipwayError, type JsonObject } from '@slipway/contracts';
import { secretPrefix, type DriverContext, type GenerationFolder, type Target } from '@slipway/provisioner';
import { writeAppFiles } from '../process/app-files.js';
import { Claims, holderOf, type Claimant } from '../process/claims.js';
import { fillEnvironment } from '../process/environment.js';
import { makeHome } from '../process/home.js';
import type { Network } from '../process/network.js';
import { writeSecretFiles } from '../process/secret-files.js';
import type { Range } from '../process/settings.js';
import { APP, HOME, SECRETS, wire, type Mount } from './mounts.js';
import { writeRecord, type ContainerLimits, type ContainerRecord } from './record.js';
import type { DockerSpec } from './spec.js';

export interface Build {
  folder: GenerationFolder;
  target: Target;
  spec: DockerSpec;
  inputs: Record<string, JsonObject>;
  context: DriverContext;
  ports: Range;
  network: Network;
}

/** Of what an instance claims at the place, a container needs a port only. */
export const PORTS = 'ports';

/**
 * Makes an instance's folder, complete: record, secrets, artefact. Nothing of it stands at the engine yet. What it has claimed it
 * gives back when its folder is not the one that stands.
 */
export async function build(work: Build): Promise<'made' | 'found'> {
  const { folder, target, context } = work;
  const claimant: Claimant = { ...holderOf(target), attempt: randomBytes(8).toString('hex') };
  const claims = new Claims(context.filesystem, context.root, PORTS);
  try {
    const effect = await folder.make(target.definition, (staging) => fill(work, claims, claimant, staging));
    if (effect === 'found') await claims.release(claimant);
    return effect;
  } catch (error) {
    await claims.release(claimant);
    // A destroy that came before our secrets were made has not seen them.
    if ((await folder.standing()) === 'destroyed') await context.secrets.empty(secretPrefix(target));
    throw error;
  }
}

async function fill(work: Build, claims: Claims, claimant: Claimant, staging: string): Promise<void> {
  const { folder, target, spec, inputs, context } = work;
  const { filesystem, log, progress } = context;
  const { container } = spec;
  progress(0.1, 'Choosing a port');
  const port = await takePort(work, claims, claimant, staging);
  const containerPort = container.network === 'host' ? port : (container.port ?? port);
  log(`port ${port}${containerPort === port ? '' : `, ${containerPort} in the container`}`);

  const wiring = await wire(spec, inputs, context);
  const secrets = await writeSecretFiles(context, secretPrefix(target), spec, wiring.inputs, staging, folder.path);
  const inside = (path: string) => path.replace(join(folder.path, 'secrets'), SECRETS);
  const values = {
    ...valuesOf(wiring.inputs),
    ...Object.fromEntries(Object.entries(secrets.paths).map(([placeholder, path]) => [placeholder, inside(path)])),
    port: String(containerPort),
    host: container.network === 'host' ? '127.0.0.1' : '0.0.0.0',
    'instance.name': target.resource.name,
  };
  const environment = fillEnvironment(spec.environment ?? {}, values);
  const mounts: Mount[] = [...wiring.mounts];
  if (Object.keys(secrets.paths).length > 0) {
    mounts.push({ type: 'bind', source: join(folder.path, 'secrets'), target: SECRETS, readonly: true });
  }
  if (!container.import && (spec.artefactBlob || spec.files)) {
    const app = join(staging, 'app');
    await filesystem.mkdir(app, { mode: 0o750 });
    if (spec.artefactBlob) {
      progress(0.2, `Unpacking the artefact (${spec.artefactBlob.bytes} bytes)`);
      await filesystem.unpack(app, await context.blobs.open(spec.artefactBlob.sha256));
    }
    await writeAppFiles(spec.files ?? {}, values, app, filesystem);
    if (container.image) mounts.push({ type: 'bind', source: join(folder.path, 'app'), target: APP, readonly: true });
  }
  await makeHome(staging, context);
  mounts.push({ type: 'bind', source: join(folder.path, 'home'), target: HOME, readonly: false });
  const record: ContainerRecord = {
    port,
    containerPort,
    container,
    command: spec.command ?? [],
    environment: { HOME, ...environment },
    mounts,
    paths: Object.entries(inputs).flatMap(([input, { path, volume }]) =>
      typeof path === 'string' && path.startsWith('/') && volume === undefined ? [{ input, path }] : [],
    ),
    limits: limitsOf(spec),
    health: healthOf(spec) ?? null,
    ...(spec.onFailure && { onFailure: spec.onFailure }),
    secrets: secrets.refs,
    artefact: spec.artefactBlob?.sha256 ?? null,
  };
  await writeRecord(filesystem, staging, record);
}

function limitsOf({ limits = {} }: DockerSpec): ContainerLimits {
  const { memory, cpus, processes, openFiles } = limits;
  return {
    ...(memory !== undefined && { memoryBytes: bytesOf(memory) }),
    ...(cpus !== undefined && { cpus }),
    ...(processes !== undefined && { processes }),
    ...(openFiles !== undefined && { openFiles }),
  };
}

async function takePort(
  { context, ports, network }: Build,
  claims: Claims,
  claimant: Claimant,
  staging: string,
): Promise<number> {
  const port = await claims.take(claimant, staging, scattered(ports, `${context.root} ${claimant.holder}`), (number) =>
    network.free(number),
  );
  if (port === undefined) throw new SlipwayError('no-port-free', `No port of ${ports.from}-${ports.to} is free`);
  return port;
}

/** All numbers of a range, one after the other from a place that the seed decides. */
function* scattered({ from, to }: Range, seed: string): Generator<number> {
  const size = to - from + 1;
  const first = createHash('sha256').update(seed).digest().readUInt32BE(0);
  for (let step = 0; step < size; step++) yield from + ((first + step) % size);
}

/** `<requirement>.<output>` of all that is no object. */
function valuesOf(inputs: Record<string, JsonObject>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([input, outputs]) =>
      Object.entries(outputs)
        .filter(([, value]) => typeof value !== 'object')
        .map(([output, value]) => [`${input}.${output}`, String(value)]),
    ),
  );
}
