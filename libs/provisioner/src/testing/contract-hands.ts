import { readdir } from 'node:fs/promises';
import type { JsonObject, Part } from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Target } from '../driver.js';
import type { ChildTask } from './child.js';
import { ChildStep } from './child-step.js';
import { ContractPlace } from './contract-place.js';
import { chosenPoints, seeded } from './points.js';
import type { DriverSamples } from './samples.js';

/** How long a test of the contract may take, in ms. */
export const LONG = 600_000;

/** A driver at a place that is made for each test, or for all of them, and all that its tests do there. */
export type Hands = ReturnType<typeof contractHands>;

export function contractHands(name: string, makeDriver: () => Driver, samples: DriverSamples) {
  const { expect } = globalThis as unknown as typeof import('@jest/globals');
  const driver = makeDriver();
  const random = seeded(name);
  let place: ContractPlace;
  let spec: JsonObject;
  let inputs: Record<string, JsonObject>;
  let made: Target[];
  let prepared = false;
  let tests = 0;

  /** Before each test. */
  const begin = async () => {
    made = [];
    tests += 1;
    if (prepared) return;
    place = await ContractPlace.make(samples.host?.());
    ({ spec, inputs = {} } = await samples.prepare(place));
    prepared = true;
  };
  /** After each test: what runs is ended also when it failed in the middle. */
  const end = async () => {
    for (const target of made) await driver.destroy(target, await place.context()).catch(() => {});
    if (!prepared || !samples.lasting) await leave();
  };
  /** After all tests. */
  const endAll = async () => {
    if (prepared) await leave();
  };
  const leave = async () => {
    prepared = false;
    await driver.end?.(await place.context());
    await place.remove();
  };

  const target = (resource = 'sample', generation = 1, epoch = 1) => {
    // What an earlier test has given back stays given back where its place lasts.
    const called = samples.lasting ? `t${tests}-${resource}` : resource;
    const meant = place.target(driver.kind, called, generation, epoch);
    made.push(meant);
    return meant;
  };
  const ensure = async (meant: Target, context?: DriverContext) =>
    driver.ensure(meant, spec, inputs, context ?? (await place.context()));
  const destroy = async (meant: Target) => driver.destroy(meant, await place.context());
  const inspect = async (meant: Target) => driver.inspect(meant, await place.context());
  const marks = async () => driver.marks(await place.context());
  const child = (action: ChildTask['action'], meant: Target, at?: ChildTask['at'], from?: Part, to = spec) =>
    new ChildStep({
      module: samples.module,
      make: samples.make,
      folder: place.folder,
      action,
      target: meant,
      spec: to,
      inputs,
      ...(at && { at }),
      ...(from && { from }),
    });
  const later = (meant: Target): Target => ({ ...meant, epoch: meant.epoch + 1 });

  /** As it must be after a destroy, whatever happened before: given back for good, and nothing left. */
  const expectDestroyed = async (meant: Target, was?: Ensured) => {
    expect(await inspect(meant)).toEqual({ state: 'destroyed', observed: {} });
    expect((await marks()).filter(({ resource }) => resource.name === meant.resource.name)).toEqual([]);
    if (was) await samples.gone(was, place);
    await expect(ensure(later(meant))).rejects.toMatchObject({ code: 'generation-old' });
  };
  const expectWorks = async (meant: Target, ensured: Ensured) => {
    await samples.works(ensured, place);
    expect(await inspect(meant)).toEqual({ state: 'present', observed: ensured.observed });
    expect(await marks()).toContainEqual(expect.objectContaining({ resource: meant.resource, generation: meant.generation }));
  };
  /** All that exists of a resource, without what differs from one to the other: names of resources, numbers, what is random. */
  const standing = async (meant: Target): Promise<string[]> => {
    const called = new RegExp(`${meant.resource.name.replaceAll('-', '[-_]')}(?!\\d)`);
    const files = (await readdir(place.root, { recursive: true })).filter((path) => called.test(path));
    const all = [...files, ...((await samples.elsewhere?.(meant, place)) ?? [])];
    return all.map((one) => one.replaceAll(new RegExp(called, 'g'), '*').replaceAll(/[0-9a-f]{6,}|\d+/g, '#')).toSorted();
  };
  /** What was ended is started by looks. */
  const untilHealthy = async (meant: Target) => {
    if (!driver.observe) return;
    for (const deadline = Date.now() + LONG / 2; ;) {
      const { health, reason } = await driver.observe(meant, spec, await place.context());
      if (health === 'healthy') return;
      if (Date.now() > deadline) throw new Error(`It is ${health}: ${reason}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  /** A driver that asks again and again while it waits does not ask as often each time: then a late effect may not come. */
  const mayBeMissed = (effect: number, count: number) => samples.waits === true && effect > count * 0.75;
  /** How many effects a call has: counted in a child that runs to its end. */
  const effectsOf = async (action: ChildTask['action'], meant: Target, from?: Part): Promise<number> => {
    const ended = await child(action, meant, undefined, from).ended;
    if (ended.type !== 'done') throw new Error(`A child could not ${action}: ${JSON.stringify(ended)}`);
    return ended.effects;
  };
  const points = (count: number) => chosenPoints(count, samples.points, random);
  const simulatedPoints = (count: number) => chosenPoints(count, samples.simulated ?? count, random);
  /** A few of them, for what takes several calls each. */
  const fewPoints = (count: number) => chosenPoints(count, undefined, random);

  return {
    ...{ driver, makeDriver, samples, random, begin, end, endAll },
    place: () => place,
    context: (signal?: AbortSignal) => place.context(signal),
    spec: () => spec,
    inputs: () => inputs,
    ...{ target, later, ensure, destroy, inspect, marks, child, effectsOf, points, simulatedPoints, fewPoints, mayBeMissed },
    ...{ expectDestroyed, expectWorks, standing, untilHealthy },
  };
}
