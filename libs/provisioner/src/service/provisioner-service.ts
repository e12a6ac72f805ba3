import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { HealthReport, ResourceKind } from '@slipway/contracts';
import {
  Presence,
  counter,
  histogram,
  runInContext,
  startMicroservice,
  systemContext,
  type RunningService,
  type Runtime,
  type ServiceDefinition,
} from '@slipway/mesh';
import { CredentialReader } from '../credentials/credential-reader.js';
import { Rotations } from '../credentials/rotations.js';
import { Drifts } from '../drift/drifts.js';
import type { Driver } from '../driver.js';
import { LeaseDriver } from '../leased/lease-driver.js';
import { LeasedPlaces } from '../leased/leased-places.js';
import { leasesOver } from '../leased/leases.js';
import { Janitor, type Stray } from '../janitor/janitor.js';
import { assertOnce, packagedDrivers } from '../package/packaged-drivers.js';
import type { Ports } from '../ports.js';
import { InstanceLogs } from '../log/instance-logs.js';
import { Provisioner } from '../provisioner.js';
import { cacheFile } from '../registry/cache-file.js';
import { Registry } from '../registry/registry.js';
import { SWEEP_EVERY, carryOnUnattended } from '../registry/unattended.js';
import { DesiredStates } from '../watch/desired-states.js';
import { Watch } from '../watch/watch.js';
import { announcement } from './announcement.js';
import { KEEP_EVERY, Kept } from './kept.js';
import { places } from './places.js';
import { ProvisionerModule } from './provisioner.module.js';
import { Repeating } from './repeating.js';

/** The driver `lease`, for the sub-provisioner of a kind. */
export const leaseDriver = (kind: ResourceKind, { bus }: Pick<Runtime, 'bus'>): LeaseDriver =>
  new LeaseDriver(kind, leasesOver(bus, kind));

export interface ProvisionerServiceOptions {
  kind: ResourceKind;
  /**
   * The drivers of this kind; what they need of the configuration they find in the runtime. `never`: each takes a spec of its
   * own, which has been checked against the kind's class before.
   */
  drivers(runtime: Runtime): readonly Driver<never>[];
}

/** How often the janitor looks through the places, in ms. */
const TIDY_EVERY = 3_600_000;

/** A sub-provisioner as a service: the kit with these drivers, at the locations of the configuration. */
export function provisionerService({ kind, drivers }: ProvisionerServiceOptions): ServiceDefinition {
  return {
    name: kind,
    async start(runtime) {
      const packaged = await packagedDrivers(runtime.config.provisioners, kind);
      for (const problem of packaged.problems) runtime.logger.error(problem);
      const own = drivers(runtime) as readonly Driver[];
      assertOnce(own, packaged);
      return start(kind, [...own, ...packaged.drivers], packaged.problems, runtime);
    },
  };
}

async function start(
  kind: ResourceKind,
  drivers: readonly Driver[],
  problems: readonly string[],
  runtime: Runtime,
): Promise<RunningService> {
  const { replica, config, bus, clock, logger, store } = runtime;
  const presence = new Presence({ mesh: config.mesh, bus, clock });
  const byName = new Map(drivers.map((driver) => [driver.name, driver]));
  const leased = new LeasedPlaces({ kind, leases: leasesOver(bus, kind), secrets: runtime.secrets, clock });
  const reached = places({ dataFolder: config.dataFolder, kind, hosts: config.hosts, drivers: byName, leased });
  const ports: Ports = {
    kind,
    mesh: config.mesh,
    replica,
    locations: new Set(config.locations),
    drivers: byName,
    store,
    bus,
    clock,
    blobs: runtime.blobs,
    secrets: runtime.secrets,
    reports: {
      warn: (about, message) => logger.warn(about, message),
      error: (about, message) => logger.error(about, message),
      settled: stepMetrics(runtime, kind),
    },
    newId: randomUUID,
    silentFor: (other) => presence.silentFor(other),
    place: (location, driver, on) => reached.place(location, driver, on),
    worksAt: (location, driver) => reached.worksAt(location, driver),
  };
  const provisioner = new Provisioner(ports);
  const { streams, lanes } = provisioner;
  const janitor = new Janitor(ports, streams);
  let strays: Stray[] = [];
  const repeating = new Repeating(clock, (error) => logger.warn({ err: error }, 'What is done at intervals failed'));

  const tidy = async () => {
    strays = await janitor.strays();
    for (const stray of strays) logger.warn(stray, 'Something carries our mark although no stream says that it should be there');
  };
  const kept = new Kept(ports);
  let known = false;
  const registry = new Registry(ports, cacheFile(join(runtime.cacheFolder, 'resources.json')), () => {
    if (known) return;
    known = true;
    runInContext(systemContext(kind), () => {
      repeating.every(SWEEP_EVERY, () => carryOnUnattended(provisioner, registry, ports));
      repeating.every(TIDY_EVERY, tidy);
      repeating.every(KEEP_EVERY, () => kept.keep());
      watch.start();
    });
  });
  const rotations = new Rotations(ports, streams, lanes, (ref, loaded) => watch.changed(ref, loaded));
  const watch: Watch = new Watch(ports, registry, streams, lanes, rotations);
  const credentials = new CredentialReader(ports, streams);
  const desired = new DesiredStates(ports, streams, lanes, (ref, loaded) => watch.changed(ref, loaded));

  const drifts = new Drifts(ports, streams, lanes, janitor);

  const at = (location: string) => drivers.filter((driver) => reached.worksAt(location, driver)).map(announcement);
  const announced = config.locations.map((location) => ({ location, kind, drivers: at(location) }));
  const health = async (): Promise<HealthReport> => {
    const connected = bus.connected();
    return {
      service: kind,
      replica,
      ready: connected && registry.problem === undefined,
      locations: announced,
      reasons: [
        ...(connected ? [] : ['There is no connection to NATS']),
        ...(registry.problem === undefined ? [] : [`The event log cannot be followed: ${registry.problem}`]),
        ...kept.problems,
        ...problems,
        ...strays.map(({ where, reason }) => `${where} carries our mark: ${reason}`),
      ],
    };
  };

  const microservice = await startMicroservice(
    runtime,
    ProvisionerModule.of({ provisioner, desired, rotations, credentials, drifts, logs: new InstanceLogs(ports, streams) }),
    {
      locations: config.locations,
      health,
    },
  );
  await registry.start();
  return {
    health,
    async stop({ instances }) {
      watch.pause();
      await microservice.stop();
      await repeating.stop();
      await provisioner.shutDown();
      if (instances === 'stop') {
        await watch.endAll();
        await kept.end();
      }
      await registry.stop();
      await reached.close();
      presence.stop();
    },
  };
}

function stepMetrics({ metrics }: Runtime, kind: ResourceKind): Ports['reports']['settled'] {
  const outcomes = counter(metrics, {
    name: 'slipway_steps_total',
    help: 'Steps that have their outcome',
    labelNames: ['kind', 'action', 'outcome'],
  });
  const seconds = histogram(metrics, {
    name: 'slipway_step_seconds',
    help: 'From the start of a driver to its durable outcome',
    labelNames: ['kind', 'action'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
  });
  return ({ action, outcome, ms }) => {
    outcomes.inc({ kind, action, outcome });
    seconds.observe({ kind, action }, ms / 1_000);
  };
}
