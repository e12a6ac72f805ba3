import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { JsonObject, ServiceName } from '@slipway/contracts';
import type { Death, TestMesh } from '@slipway/testing';
import { broken } from '@slipway/testing/simulation';
import { Caller } from './caller.js';
import { Deaths } from './deaths.js';

/** How long one request may take while everybody dies, in ms. */
const PATIENCE = 120_000;
/** How long a program that only looks may take, in ms. */
const LOOKS = 10_000;
/** Everybody is to have died everywhere after so many rounds. */
const ROUNDS = 30;

/** What is provisioned, and how it is looked at. */
export interface Tried {
  /** Where processes die, each at its points one after the other: best in the order in which the jobs come to them. */
  points: Partial<Record<ServiceName, readonly Death[]>>;
  /** Of what is provisioned; the default when left out. */
  definition?: string;
  /** What is chosen anew in an update; none where no driver can. */
  update?: JsonObject;
  /** Writes into what an instance keeps. */
  write(instance: string, text: string): Promise<void>;
  /** All that an instance keeps. */
  read(instance: string): Promise<string>;
  /** All that exists at the places of the mesh. */
  standing(): Promise<string[]> | string[];
  /** How much of it one instance is. */
  parts: number;
  /** What else would be left of them, when nothing stands any more. */
  remains?(): string[];
}

const effect = (when: Death['when'], matches: string): Death => ({ when, what: 'effect', matches });
const append = (when: Death['when'], matches: string): Death => ({ when, what: 'append', matches });
const message = (when: Death['when'], matches: string): Death => ({ when, what: 'message', matches });
/** How points are said. */
export const dies = { effect, append, message };

/** Says all that stands: Jest would cut it off. */
function assertOf(count: number, standing: readonly string[]): void {
  if (standing.length !== count) throw new Error(`${standing.length} stand instead of ${count}:\n${standing.join('\n')}`);
}

/**
 * Provisions, exports, updates, imports under another name and gives both back, again and again, until every process has died at each of its
 * points: no data are lost or mixed, nothing is recorded wrongly, nothing is left.
 */
export async function dieInEveryJob(
  mesh: TestMesh,
  { points, definition, update, write, read, standing, parts, remains = () => [] }: Tried,
): Promise<void> {
  const caller = new Caller(mesh, PATIENCE);
  const of = { ownerId: 'ada', ...(definition && { definition }) };
  const deaths = new Deaths(mesh, points);
  try {
    const wanted = deaths.left;
    await deaths.begin();
    for (let round = 1; deaths.left.length > 0 && round <= ROUNDS; round += 1) {
      await caller.job('provision', { ...of, instanceId: 'shop' });
      const empty = await read('shop');
      await write('shop', `round ${round}`);
      const written = await read('shop');
      expect(written).not.toBe(empty);
      const { result } = await caller.job('export', { instanceId: 'shop' });
      const { snapshot } = result as { snapshot: string };
      expect(await read('shop')).toBe(written);
      if (update) {
        await caller.job('update', { instanceId: 'shop', offerings: update });
        expect(await read('shop')).toBe(written);
      }
      await caller.job('import', { ownerId: 'ada', instanceId: 'copy', snapshot, snapshotId: true });
      expect(await read('copy')).toBe(written);
      assertOf(2 * parts, await standing());
      for (const instanceId of ['shop', 'copy']) await caller.job('deprovision', { instanceId });
      // A program that only looks may have been started right before, and ends by itself.
      for (const until = Date.now() + LOOKS; remains().length > 0 && Date.now() < until;) await sleep(100);
      expect([...(await standing()), ...remains()]).toEqual([]);
    }
    expect(deaths.left).toEqual([]);
    expect(deaths.died.toSorted()).toEqual(wanted.toSorted());
    // That a request has ended is told before its environment knows, and the one that tells it may just have died.
    const wrong = async () => broken(await caller.recorded(), { marks: () => [] });
    for (const until = Date.now() + PATIENCE; (await wrong()).length > 0 && Date.now() < until;) await sleep(100);
    expect(await wrong()).toEqual([]);
  } catch (error) {
    throw new Error(`${(error as Error).message}\ndied: ${deaths.died.slice(-8).join('; ')}`, { cause: error });
  } finally {
    await deaths.end();
  }
}
