import { eventLogBench, eventLogNotes } from './event-log.js';
import type { Figure } from './figure.js';
import { followersBench, followersNotes } from './followers.js';
import { gatewayBench, gatewayNotes } from './gateway.js';
import { instancesBench, instancesNotes } from './instances.js';
import { leasesBench, leasesNotes } from './leases.js';
import { leasesOverBench, leasesOverNotes } from './leases-over.js';
import { meshBench, meshBenchNotes } from './mesh.js';
import { passThroughBench, passThroughNotes } from './pass-through.js';
import { readModelsBench, readModelsNotes } from './read-models.js';
import { refusalsBench, refusalsNotes } from './refusals.js';
import { resolverCurveBench, resolverCurveNotes } from './resolver-curve.js';
import { resolverFelixBench, resolverFelixNotes } from './resolver-felix.js';
import { resolverInstalledBench, resolverInstalledNotes } from './resolver-installed.js';
import { resolverResolvelibBench, resolverResolvelibNotes } from './resolver-resolvelib.js';
import { sshBench, sshNotes } from './ssh.js';
import { startBench, startNotes } from './start.js';
import { stepsBench, stepsNotes } from './steps.js';
import { transferBench, transferNotes } from './transfer.js';

export interface Bench {
  /** What is measured, against what, and how: for the results page. */
  about: string;
  /** What it does not say. */
  notMeasured: string;
  run(options: { short: boolean }): Promise<Figure[]>;
}

/** Every bench by its name. A new one is a file and an entry here. */
export const BENCHES: Record<string, Bench> = {
  'event-log': { ...eventLogNotes, run: eventLogBench },
  followers: { ...followersNotes, run: followersBench },
  gateway: { ...gatewayNotes, run: gatewayBench },
  instances: { ...instancesNotes, run: instancesBench },
  leases: { ...leasesNotes, run: leasesBench },
  'leases-over': { ...leasesOverNotes, run: leasesOverBench },
  mesh: { ...meshBenchNotes, run: meshBench },
  'pass-through': { ...passThroughNotes, run: passThroughBench },
  'read-models': { ...readModelsNotes, run: readModelsBench },
  refusals: { ...refusalsNotes, run: refusalsBench },
  'resolver-curve': { ...resolverCurveNotes, run: resolverCurveBench },
  'resolver-felix': { ...resolverFelixNotes, run: resolverFelixBench },
  'resolver-installed': { ...resolverInstalledNotes, run: resolverInstalledBench },
  'resolver-resolvelib': { ...resolverResolvelibNotes, run: resolverResolvelibBench },
  ssh: { ...sshNotes, run: sshBench },
  start: { ...startNotes, run: startBench },
  steps: { ...stepsNotes, run: stepsBench },
  transfer: { ...transferNotes, run: transferBench },
};
