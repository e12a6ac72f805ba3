import { seedOf, seededRandom } from '@slipway/event-store/testing';
import type { Faults } from '@slipway/mesh/testing';
import { SimulatedMesh, type SimulatedMeshOptions } from './simulated-mesh.js';

/** What is simulated: who takes part, what is asked of them, and what holds in the end. */
export interface Scenario<World> {
  name: string;
  /** Begins the processes; gives what outlives them. */
  compose(mesh: SimulatedMesh): World;
  /** What is asked; resolves when all of it has ended. Whatever dies meanwhile, it must come to its end. */
  play(mesh: SimulatedMesh, world: World): Promise<void>;
  /** What is wrong in the end, in words; empty when all holds. */
  wrong(mesh: SimulatedMesh, world: World): string[];
  faults?: Faults;
}

export interface Exploration {
  /** Of `SLIPWAY_SEED` or the time when left out; give it when the test's name tells it. */
  seed?: number;
  /** How many points, when not all of them; `SLIPWAY_POINTS=all` (or a number) overrides it. */
  points?: number;
  /** How many die in one run, one after another; 1 when left out. */
  deaths?: number;
  dies?: SimulatedMeshOptions['dies'];
  awayMs?: number;
}

/** How long a simulated run may take, in ms of virtual time. */
const PATIENCE = 3_600_000;
/** How long everything is left alone afterwards, in ms of virtual time: what still comes then is wrong. */
const AFTERWARDS = 45_000;

/** How a run went. */
export interface Run {
  mesh: SimulatedMesh;
  /** How many points were passed until all was over. */
  points: number;
}

/** Runs a scenario once. Throws when something is wrong. */
export async function run<World>(scenario: Scenario<World>, options: SimulatedMeshOptions): Promise<Run> {
  const { faults } = scenario;
  const mesh = new SimulatedMesh({ ...(faults && { faults }), ...options });
  const world = scenario.compose(mesh);
  await mesh.drive(scenario.play(mesh, world), PATIENCE);
  await mesh.drive(mesh.pass(AFTERWARDS), PATIENCE);
  const points = mesh.points.length;
  const wrong = scenario.wrong(mesh, world);
  const again = wrong.length > 0 ? [] : await whatARestartDoes(mesh);
  if (wrong.length + again.length > 0) throw new Error([...wrong, ...again].join('\n'));
  return { mesh, points };
}

/** Everything starts anew from what is recorded: nothing of what was done may be done, sent or recorded a second time. */
async function whatARestartDoes(mesh: SimulatedMesh): Promise<string[]> {
  const [recorded, asked] = [mesh.disk.events.length, mesh.asked.length];
  mesh.kill();
  await mesh.drive(mesh.pass(AFTERWARDS), PATIENCE);
  // Who works on what is claimed anew at each start.
  const news = mesh.disk.events.slice(recorded).filter(({ stream }) => !stream.startsWith('partition-'));
  return [
    ...news.map(({ stream, type }) => `When all was over a restart recorded ${type} in ${stream}`),
    ...mesh.asked.slice(asked).map((subject) => `When all was over a restart asked ${subject}`),
  ];
}

/**
 * Counts the points of a scenario in a run without deaths, then runs it once for each of them (or for a seeded sample) and
 * lets who passes it die there. Throws for the first run in which something is wrong, with what repeats exactly that one:
 * `SLIPWAY_SEED` and `SLIPWAY_POINT`. How many points there are, and how many runs
 * somebody died in.
 */
export async function explore<World>(
  scenario: Scenario<World>,
  { points = Infinity, deaths = 1, seed = seedOf(Date.now() % 2 ** 31), ...options }: Exploration = {},
): Promise<{ points: number; runs: number }> {
  const random = seededRandom(seed);
  const { points: count } = await attempt(scenario, { seed, ...options });
  const runs = chosen(count, points, deaths, random);
  for (const dieAt of runs) await attempt(scenario, { seed, dieAt, ...options }, count);
  return { points: count, runs: runs.length };
}

async function attempt<World>(scenario: Scenario<World>, options: SimulatedMeshOptions, of?: number): Promise<Run> {
  let deaths: string[] = [];
  const compose = (mesh: SimulatedMesh) => {
    ({ deaths } = mesh);
    return scenario.compose(mesh);
  };
  try {
    const result = await run({ ...scenario, compose }, options);
    if (options.dieAt && deaths.length === 0) throw new Error('Nobody passed that point: the run did not repeat');
    return result;
  } catch (error) {
    const { seed, dieAt = [] } = options;
    const at = dieAt.length > 0 ? `killed at ${dieAt.join(', ')}${of === undefined ? '' : ` of ${of}`}` : 'without any death';
    const again = `SLIPWAY_SEED=${seed}${dieAt.length > 0 ? ` SLIPWAY_POINT=${dieAt.join(',')}` : ''}`;
    const told = [`${scenario.name}, ${at}; again: ${again}`, ...deaths.map((death) => `  died: ${death}`)];
    throw new Error(`${told.join('\n')}\n${(error as Error).message}`, { cause: error });
  }
}

/** The points of each run, from 1. */
function chosen(count: number, points: number, deaths: number, random: () => number): number[][] {
  const { SLIPWAY_POINT: exactly, SLIPWAY_POINTS: wanted } = process.env;
  if (exactly) return [exactly.split(',').map(Number)];
  const most = wanted === undefined ? points : wanted === 'all' ? Infinity : Number(wanted);
  const all = Array.from({ length: count }, (_, index) => index + 1);
  while (all.length > most) all.splice(Math.floor(random() * all.length), 1);
  // The later ones lie in a life after a death, where the points are others: somewhere up to as many again.
  return all.map((first) => [first, ...Array.from({ length: deaths - 1 }, () => first + 1 + Math.floor(random() * count * 0.6))]);
}
