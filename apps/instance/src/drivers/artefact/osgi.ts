import { get } from 'node:http';
import { basename, join } from 'node:path';
import { readArtefact } from '@slipway/artefacts';
import { fromFacts } from '@slipway/artefacts/rules';
import type { JsonObject } from '@slipway/contracts';
import { HOST } from '../../place/network.js';
import type { Container, Seen } from './container.js';
import { differencesOf, readPlanned, savePlanned, type Made, type Planned } from './osgi-wires.js';
import { CONTENT } from './standing.js';

/** What a framework says of one bundle (`frameworks/osgi/launcher/Framework.java`). */
interface Reported {
  file: string;
  state?: string;
  fault?: string;
  wires?: Made[];
}

/** The longest report, in bytes, and how long it may take. */
const REPORT_BYTES = 16 * 1024 * 1024;
const PATIENCE_MS = 5_000;

/** Packages and bundles that are told in the outcome of a step. */
const TOLD = 200;

/**
 * An OSGi framework, asked at its port what has become of a bundle: installed, started, and how it is really wired. Where that is other than
 * the plan has it the bundle works, and the difference is told.
 */
export const osgi: Container = {
  async look(record, generation, { context, inputs }) {
    const { target, placement, facts } = record;
    if (inputs) await savePlanned(generation, await plannedOf(generation, String(facts['file']), inputs, target.folder), context);
    if (target.port === undefined) return { ill: 'Its framework has no port where it could be asked' };
    const bundle = await reported(target.port, basename(placement.path));
    if (typeof bundle === 'string') return { ill: bundle };
    return seenOf(bundle, await readPlanned(generation, context), isFragment(facts));
  },
};

/** What a report of a bundle comes to, given what was planned of it. */
export function seenOf({ state, fault, wires = [] }: Reported, planned: readonly Planned[], fragment: boolean): Seen {
  const active = state === 'active' || (fragment && state === 'resolved');
  // What it is to have of somebody who comes after it in the same plan is not there yet.
  if (!active && planned.some(({ from }) => from === null))
    return { ill: null, differs: `It waits for what comes after it: ${fault ?? state}` };
  if (!active) return { ill: `Its framework cannot start it: ${fault ?? `it is ${state ?? 'not installed'}`}` };
  const differences = differencesOf(planned, wires);
  const said = {
    wires: wires.slice(0, TOLD).map((one) => ({ ...one })),
    differences: differences.slice(0, TOLD),
  } as unknown as JsonObject;
  if (differences.length === 0) return { ill: null, said };
  return { ill: null, said, differs: `It is wired otherwise than planned: ${differences.join('; ')}`.slice(0, 1_000) };
}

const isFragment = (facts: JsonObject): boolean => {
  const artefact = fromFacts({ spec: { artefactFacts: facts } });
  const metadata = artefact && 'osgi' in artefact ? artefact.osgi : undefined;
  return metadata !== undefined && 'bundle' in metadata && metadata.bundle.fragmentOf !== undefined;
};

/** What each of its requirements is wired to in the plan, by what the bundle itself says that it requires. */
async function plannedOf(
  generation: string,
  file: string,
  inputs: Record<string, JsonObject>,
  framework: string,
): Promise<Planned[]> {
  const artefact = await readArtefact(file, { path: join(generation, CONTENT, '0') });
  const bundle = 'osgi' in artefact && artefact.osgi && 'bundle' in artefact.osgi ? artefact.osgi.bundle : undefined;
  return (bundle?.requirements ?? []).flatMap(({ namespace, filter = '', resolution }, at): Planned[] => {
    const name = nameIn(namespace, filter);
    const provider = inputs[`osgi-${at + 1}`];
    if (name === undefined || (provider === undefined && resolution === 'optional')) return [];
    if (provider === undefined) return [{ namespace, name, from: null }];
    const { folder, name: symbolicName, version } = provider;
    return [{ namespace, name, from: folder === framework ? '' : `${String(symbolicName)} ${String(version)}` }];
  });
}

/** What a filter of one of OSGi's own namespaces names, as all that come of headers do. */
function nameIn(namespace: string, filter: string): string | undefined {
  const at = filter.indexOf(`(${namespace}=`);
  return at < 0 ? undefined : filter.slice(at + namespace.length + 2).split(')', 1)[0];
}

/** What the framework at a port says of a bundle, or why it says nothing. */
function reported(port: number, file: string): Promise<Reported | string> {
  return new Promise((resolve) => {
    const request = get({ host: HOST, port, path: '/', agent: false, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > REPORT_BYTES) response.destroy(new Error('it says too much'));
        else pieces.push(piece);
      });
      response.on('error', (error) => resolve(`Its framework cannot be asked: ${error.message}`));
      response.on('end', () => resolve(bundleIn(Buffer.concat(pieces).toString('utf8'), file)));
    });
    request.on('error', (error) => resolve(`Its framework cannot be asked: ${error.message}`));
  });
}

function bundleIn(text: string, file: string): Reported | string {
  try {
    const { bundles } = JSON.parse(text) as { bundles: Reported[] };
    return bundles.find((one) => one.file === file) ?? 'Its framework has not found it yet';
  } catch {
    return 'Its framework does not say how its bundles are';
  }
}
