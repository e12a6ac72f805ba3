import { VERBS, type ResourceRef } from '@slipway/contracts';
import { currentContext, runInContext, systemContext } from '@slipway/mesh';
import { CredentialReader } from '../credentials/credential-reader.js';
import { Rotations } from '../credentials/rotations.js';
import type { Loaded } from '../lifecycle/stream.js';
import type { Ports } from '../ports.js';
import { Provisioner } from '../provisioner.js';
import { Registry } from '../registry/registry.js';
import { SWEEP_EVERY, carryOnUnattended } from '../registry/unattended.js';
import { Repeating } from '../service/repeating.js';
import { DesiredStates } from '../watch/desired-states.js';
import { Watch } from '../watch/watch.js';

/** Answers a verb at a location from now on. */
export type Serve = (verb: string, handler: (body: never) => unknown, location: string) => void;

/**
 * A sub-provisioner as its service is, on any ports: serves its verbs, carries on what nobody works on, watches what runs.
 * Without Nest, NATS and a wall clock, so that a simulation can let it die.
 */
export async function startCore(ports: Ports, serve: Serve): Promise<void> {
  const provisioner = new Provisioner(ports);
  const { streams, lanes } = provisioner;
  const repeating = new Repeating(ports.clock, (error) => ports.reports.warn({ err: error }, 'What is done at intervals failed'));
  let known = false;
  const registry = new Registry(ports, { load: async () => undefined, save: async () => {} }, () => {
    if (known) return;
    known = true;
    runInContext(systemContext(ports.kind), () => {
      repeating.every(SWEEP_EVERY, () => carryOnUnattended(provisioner, registry, ports));
      watch.start();
    });
  });
  const changed = (ref: ResourceRef, loaded: Loaded) => watch.changed(ref, loaded);
  const rotations = new Rotations(ports, streams, lanes, changed);
  const desired = new DesiredStates(ports, streams, lanes, changed);
  const credentials = new CredentialReader(ports, streams);
  const watch: Watch = new Watch(ports, registry, streams, lanes, rotations);
  for (const location of ports.locations) {
    serve(VERBS.ensure, (body) => provisioner.ensure(body, currentContext()), location);
    serve(VERBS.destroy, (body) => provisioner.destroy(body, currentContext()), location);
    serve(VERBS.stop, (body) => provisioner.stop(body, currentContext()), location);
    serve(VERBS.export, (body) => provisioner.export(body, currentContext()), location);
    serve(VERBS.update, (body) => provisioner.update(body, currentContext()), location);
    serve(VERBS.inspect, (body) => provisioner.inspect(body), location);
    serve(VERBS.cancelStep, (body) => provisioner.cancelStep(body), location);
    serve(VERBS.log, (body) => Promise.resolve(provisioner.log(body)), location);
    serve(VERBS.setDesired, (body) => desired.set(body, currentContext()), location);
    serve(VERBS.credentials, (body) => credentials.read(body, currentContext()), location);
    serve(VERBS.rotate, (body) => rotations.rotate(body, currentContext()), location);
  }
  await registry.start();
}
