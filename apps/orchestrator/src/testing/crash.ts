import type { AcceptCommand, Cause } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import type { Faults } from '@slipway/mesh/testing';
import { ADA, World, type CrashPoint, type Life } from './world.js';

/** What is asked for in a simulation, and what goes wrong in it beside the crash. */
export interface Scenario {
  name: string;
  /** One after another: the next is asked for when the one before has ended. */
  jobs: AcceptCommand[];
  /** What of the world fails. */
  prepare?(world: World): void;
  /** What comes by itself when all that was asked for has ended, and is waited for. */
  comes?(world: World): boolean;
  /** Holds when all is over. */
  check(world: World, accepted: Accepted[]): void;
  seed?: number;
  faults?: Faults;
}

/** How long a simulated request may take, in ms of the virtual clock. */
const PATIENCE = 3_600_000;

/**
 * Runs a scenario and lets the orchestrator die at each of the crash points whose numbers (from 0) are given, counted over
 * all its lives; a new life begins one second later. The crash points that were passed.
 */
export async function run(scenario: Scenario, dieAt: readonly number[]): Promise<CrashPoint[]> {
  const { seed, faults } = scenario;
  const world = new World({ ...(seed !== undefined && { seed }), ...(faults && { faults }) });
  scenario.prepare?.(world);
  const points: CrashPoint[] = [];
  let died = false;
  const passes = (point: CrashPoint) => {
    points.push(point);
    if (!dieAt.includes(points.length - 1)) return;
    died = true;
    throw new Error('killed');
  };
  let life: Life;
  let started: boolean;
  const begin = () => {
    [died, started] = [false, false];
    life = world.live({ passes });
    void life.orchestrator.start().then(() => (started = true));
  };
  /** Until `done` holds, with a new life after each death. */
  const until = async (what: string, done: () => boolean, again: () => void) => {
    for (;;) {
      const held = await world.clock.until(() => done() || died, PATIENCE);
      if (died) {
        await world.clock.pass(1_000);
        begin();
        await world.clock.until(() => started || died, PATIENCE);
        if (!died) again();
        continue;
      }
      if (!held) throw new Error(`${what} did not happen; points: ${points.length}; last: ${points.slice(-5).join(', ')}`);
      return;
    }
  };

  begin();
  await until(
    'The start',
    () => started,
    () => {},
  );
  const accepted: Accepted[] = [];
  for (const command of scenario.jobs) {
    let answer: Accepted | undefined;
    let refusal: unknown;
    const ask = () => {
      const { orchestrator } = life;
      orchestrator.accept(command, ADA).then(
        (given) => (answer ??= given),
        (error: unknown) => (refusal = error),
      );
    };
    ask();
    await until(
      'An answer',
      () => answer !== undefined || refusal !== undefined,
      () => {
        if (!answer) ask();
      },
    );
    if (!answer) throw refusal;
    accepted.push(answer);
    await until(
      'The end',
      () => world.quiet,
      () => {},
    );
  }
  await until(
    'What comes by itself',
    () => world.quiet && (scenario.comes?.(world) ?? true),
    () => {},
  );
  scenario.check(world, accepted);
  return points;
}

export const cause = (code: Cause['code'], message: string = code): Cause => ({ code, message, hint: 'none' });
