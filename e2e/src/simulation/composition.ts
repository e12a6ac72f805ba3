import type { Blobs } from '@slipway/blobs';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { RESOURCE_KINDS, SlipwayError, VERBS, type Cause, type ResourceKind, type StepAction } from '@slipway/contracts';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import { MeshConfig, currentContext } from '@slipway/mesh';
import { createOrchestrator, type ControlVerb } from '@slipway/orchestrator';
import type { Driver } from '@slipway/provisioner';
import { SimulatedPlace, startCore } from '@slipway/provisioner/testing';
import { Environments, InstanceStandings, Planning } from '@slipway/resolver';
import { MemorySecrets } from '@slipway/secrets/testing';
import type { SimulatedMesh, SimulatedProcess } from '@slipway/testing/simulation';
import { catalogue } from './catalogue.js';

const LOCATION = 'local';
/** A silence after which anybody counts as dead, in ms. */
const DEAD = 60_000;

/** What outlives the processes, and how the world behaves. */
export class World {
  readonly place = new SimulatedPlace();
  /** Nobody's are ever so old that they are taken for abandoned. */
  readonly blobs = new MemoryBlobs(() => Infinity);
  readonly secrets = new MemorySecrets((bytes) => Buffer.alloc(bytes, 7));
  readonly config = Object.assign(new MeshConfig(), { mesh: 'sim' });
  /** What can be provisioned. */
  definitions = catalogue;
  /** What a driver fails with before its effect, if it does. */
  fails: (kind: ResourceKind, action: StepAction) => Cause['code'] | undefined = () => undefined;
  /** Replicas take each other for dead, although both live and work. */
  distrust = false;
  /** How long a driver takes before its effect, in ms. */
  takesMs: (kind: ResourceKind, action: StepAction) => number = () => 5;

  constructor() {
    const drivers = { storage: 'simulated', database: 'simulated', instance: 'simulated' };
    Object.assign(this.config, { guestLocations: { local: { location: LOCATION, drivers } } });
  }
}

/** The services of a mesh on the ports of processes that may die; `replicas` of each. */
export function compose(mesh: SimulatedMesh, world: World, replicas = 1): World {
  for (let n = 1; n <= replicas; n += 1) {
    mesh.run(`resolver-${n}`, (process) => startResolver(process, world));
    for (const kind of RESOURCE_KINDS) mesh.run(`${kind}-${n}`, (process) => startProvisioner(mesh, process, kind, world));
    mesh.run(`orchestrator-${n}`, (process) => startOrchestrator(mesh, process, world));
  }
  return world;
}

/** Also what holders have. */
const durableBlobs = (process: SimulatedProcess, blobs: Blobs): Blobs =>
  new Proxy(process.durable('blobs', blobs, ['put']), {
    get: (target, property) =>
      property === 'of'
        ? (holder: string) => process.durable('blobs', blobs.of(holder), ['put', 'remove'])
        : (Reflect.get(target, property) as unknown),
  });

async function startOrchestrator(mesh: SimulatedMesh, process: SimulatedProcess, world: World): Promise<void> {
  const orchestrator = createOrchestrator({
    store: process.store('orchestrator'),
    bus: process.bus,
    clock: process.clock,
    blobs: durableBlobs(process, world.blobs),
    config: world.config,
    ids: mesh.ids,
    replica: process.name,
    silentFor: world.distrust ? () => DEAD : mesh.silentFor,
  });
  await orchestrator.start();
  process.serve('orchestrator', VERBS.accept, (body) => orchestrator.accept(body, currentContext()));
  for (const verb of ['cancel', 'retry', 'abandon', 'pause', 'resume'] satisfies ControlVerb[])
    process.serve('orchestrator', VERBS[verb], (body) => orchestrator.control(verb, body, currentContext()));
}

function startResolver(process: SimulatedProcess, { blobs, config, definitions }: World): void {
  const { clock } = process;
  const environments = new Environments({ store: process.store('resolver'), blobs: durableBlobs(process, blobs), clock });
  const planning = new Planning(
    { current: async () => ({ catalogue: definitions }) },
    environments,
    new InstanceStandings(process.store('resolver')),
    Object.keys(config.guestLocations),
    clock,
  );
  process.serve('resolver', VERBS.offerings, (body) => planning.offerings(body));
  process.serve('resolver', VERBS.plan, (body) => planning.plan(body, currentContext().deadline));
}

async function startProvisioner(mesh: SimulatedMesh, process: SimulatedProcess, kind: ResourceKind, world: World): Promise<void> {
  const driver = driverOf(process, kind, world);
  const ports = {
    kind,
    mesh: 'sim',
    replica: process.name,
    locations: new Set([LOCATION]),
    drivers: new Map([[driver.name, driver]]),
    store: process.store(kind),
    bus: process.bus,
    clock: process.clock,
    blobs: durableBlobs(process, world.blobs),
    secrets: process.durable('secrets', world.secrets, ['ensure', 'put', 'empty']),
    reports: { warn: () => {}, error: () => {}, settled: () => {} },
    newId: mesh.ids,
    silentFor: world.distrust ? () => DEAD : mesh.silentFor,
    place: async () => ({ command: localCommand(), filesystem: localFilesystem(), root: '/nowhere' }),
  };
  await startCore(ports, (verb, handler, location) => process.serve(kind, verb, handler, location));
}

/** A driver of the simulated place that dies with its process, keeps a secret, and takes time or fails as the world says. */
function driverOf(process: SimulatedProcess, kind: ResourceKind, world: World): Driver {
  const around = ({ when, effect, what }: { when: string; effect: string; what: string }) =>
    process.pass(`${when} ${effect} ${what}`);
  const driver = world.place.driver(kind, 'simulated', ({ resource }) => ({ path: `/${resource.name}` }), around);
  return {
    ...driver,
    async ensure(target, spec, inputs, context) {
      await hindered(process, kind, 'ensure', world, context.signal);
      await context.secrets.ensure(`${kind}-${target.resource.environment}.${target.resource.name}/g${target.generation}/key`);
      return driver.ensure(target, spec, inputs, context);
    },
    async destroy(target, context) {
      await hindered(process, kind, 'destroy', world, context.signal);
      return driver.destroy(target, context);
    },
    async stop(target, context) {
      await hindered(process, kind, 'stop', world, context.signal);
      await driver.stop!(target, context);
    },
    updatable: {
      ...driver.updatable!,
      async update(target, spec, inputs, context) {
        await hindered(process, kind, 'update', world, context.signal);
        return driver.updatable!.update(target, spec, inputs, context);
      },
    },
    portable: {
      ...driver.portable!,
      async export(target, spec, context) {
        await hindered(process, kind, 'export', world, context.signal);
        return driver.portable!.export(target, spec, context);
      },
    },
    observe: async () => ({ health: 'healthy', reason: 'It answers', restarts: 0 }),
  };
}

async function hindered(
  { clock }: SimulatedProcess,
  kind: ResourceKind,
  action: StepAction,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.after(world.takesMs(kind, action), resolve);
    signal.addEventListener('abort', () => {
      cancel();
      reject(signal.reason as Error);
    });
  });
  const code = world.fails(kind, action);
  if (code) throw new SlipwayError(code);
}
