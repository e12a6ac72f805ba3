import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { hashOf, type Installed, type JsonObject, type ResourceDefinition, type Wire } from '@slipway/contracts';
import { openEventLog } from '@slipway/event-store/open';
import { needsOf } from '@slipway/solver';
import { TestMesh } from '@slipway/testing';
import { atMost, beside, median, type Figure } from './figure.js';
import { slopeOf } from './resolver-curve.js';

const BENCH = 'resolver-installed';
const LIBRARIES = 100;
/** Instances whose settlement is one event. */
const AT_ONCE = 50;
/** Rounds until everything is warm. */
const WARM = 10;

export const resolverInstalledNotes = {
  about:
    'POST /plans to a whole mesh in one process, from request to answer, for what is installed already: a plan that changes nothing. In each environment stand 100 ' +
    'shared libraries and instances that use two of them each, as their plans’ ends have recorded them; asked for are five of the libraries by requirements. ' +
    'One call after another, the environments taking turns; each figure is the median.',
  notMeasured: 'The first plan after a start, which reads the environment’s stream. Several at once, other machines, KurrentDB.',
};

/** How long a plan takes that finds everything there, by how much is there. */
export async function resolverInstalledBench({ short }: { short: boolean }): Promise<Figure[]> {
  const sizes = short ? [300, 1_000, 3_000] : [1_000, 3_000, 10_000];
  const mesh = await TestMesh.start();
  try {
    await mesh.client().content.upload({ type: 'application/json', body: JSON.stringify(PACKAGE) });
    await mesh.killEverything();
    for (const size of sizes) await settle(mesh, size);
    await mesh.startEverything();
    const times = await planned(mesh, sizes, short ? 5 : 30);
    const [most, longest] = times.at(-1)!;
    return [
      atMost(BENCH, `a plan that changes nothing over ${most} resources`, longest, 1_000, 'ms'),
      ...times.slice(0, -1).map(([size, ms]) => beside(BENCH, `over ${size}`, ms, 'ms')),
      atMost(BENCH, 'growth with what is installed', slopeOf(times), 1.15, 'log-log slope'),
    ];
  } finally {
    await mesh.remove();
  }
}

const library = (at: number): ResourceDefinition => ({ name: `lib${at}`, version: '1.0.0', type: 'storage', shared: true });
const APP: ResourceDefinition = {
  name: 'app',
  version: '1.0.0',
  type: 'storage',
  requirements: ['one', 'two'].map((name) => ({ namespace: 'storage', name })),
};
const libraries = Array.from({ length: LIBRARIES }, (_, at): ResourceDefinition => ({
  ...library(at),
  capabilities: [{ namespace: 'storage', attributes: { name: `lib${at}` } }],
}));
const PACKAGE = { name: 'bench', version: '1.0.0', definitions: [...libraries, APP] };

const environmentOf = (size: number): string => `with-${size}`;

/** Records that so much was installed. */
async function settle(mesh: TestMesh, size: number): Promise<void> {
  const log = await openEventLog({ eventLog: 'sqlite', folder: join(mesh.data, 'log') });
  const store = log.as('orchestrator');
  const apps = Array.from({ length: size - LIBRARIES }, (_, at) => installed(APP, `app${at}`, `app${at}`));
  const shared = libraries.map((one) => installed(one, one.name));
  const groups = [
    shared,
    ...Array.from({ length: Math.ceil(apps.length / AT_ONCE) }, (_, at) => apps.slice(at * AT_ONCE, (at + 1) * AT_ONCE)),
  ];
  let revision = -1;
  for (const group of groups) {
    const wires = group.flatMap((one, at): Wire[] =>
      one.instanceId === undefined
        ? []
        : ['one', 'two'].map((requirement, step) => ({
            from: `storage/${one.name}`,
            requirement,
            to: `storage/lib${(at * 7 + step) % LIBRARIES}`,
          })),
    );
    const requestId = randomUUID();
    const data = { requestId, name: group[0]!.name, outcome: 'done', installed: group, removed: [], wires };
    await store.append(`environment-${environmentOf(size)}`, revision, [
      {
        id: randomUUID(),
        type: 'PlanSettled',
        data: data as unknown as JsonObject,
        metadata: {
          requestId,
          correlationId: randomUUID(),
          actor: { id: 'bench', type: 'user' },
          environment: environmentOf(size),
        },
      },
    ]);
    revision++;
  }
  await log.close();
}

/** What a plan's end records, as of today's release. */
function installed(definition: ResourceDefinition, name: string, instanceId?: string): Installed {
  const needs = needsOf(definition).map(({ name: called, requirement }) => ({ ...requirement, name: called }));
  return {
    kind: 'storage',
    name,
    generation: 1,
    definition: { name: definition.name, version: definition.version, hash: hashOf(definition) },
    location: 'local',
    guestLocation: 'local',
    driver: 'directory',
    ...(instanceId !== undefined && { instanceId }),
    owner: { id: 'ada', type: 'user' },
    ...(definition.capabilities && { capabilities: definition.capabilities }),
    ...(needs.length > 0 && { needs }),
    spec: {},
    outputs: {},
  };
}

/** The sizes with the median of so many plans each, in ms: all take turns, once all are warm. */
async function planned(mesh: TestMesh, sizes: readonly number[], rounds: number): Promise<[number, number][]> {
  const times = new Map(sizes.map((size) => [size, [] as number[]]));
  for (let round = -WARM; round < rounds; round++)
    for (const [size, measured] of times) {
      const milliseconds = await once(mesh, size, Math.abs(round));
      if (round >= 0) measured.push(milliseconds);
    }
  return [...times].map(([size, measured]) => [size, median(measured)]);
}

/** How long one plan takes, in ms. */
async function once(mesh: TestMesh, size: number, round: number): Promise<number> {
  const requirements = [0, 1, 2, 3, 4].map((step) => ({
    namespace: 'slipway.identity',
    attributes: { name: `lib${(round * 5 + step) % LIBRARIES}` },
  }));
  const environment = environmentOf(size);
  const began = performance.now();
  const plan = await mesh.client().plan({ environment, ownerId: 'ada', instanceId: 'wanted', requirements });
  if (plan.outcome !== 'satisfied') throw new Error(`A plan that should change nothing: ${plan.outcome}`);
  return performance.now() - began;
}
