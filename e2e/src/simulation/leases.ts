import { Allocator, SteadyClock, type Blueprint } from '@slipway/allocator';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { SlipwayError, VERBS, type RequestContext } from '@slipway/contracts';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import { Presence, startBeats } from '@slipway/mesh';
import { MemorySecrets } from '@slipway/secrets/testing';
import type { SimulatedMesh, SimulatedProcess } from '@slipway/testing/simulation';

/** What stands where resources are made, and what was handed out on it: it outlives all processes. */
export class LeasePlace {
  /** Resources that stand, and those that never may again. */
  readonly standing = new Set<string>();
  readonly tombs = new Set<string>();
  /** `<resource> <lease>#<token>` of what is handed out. */
  readonly out = new Set<string>();
  readonly wrong: string[] = [];
  readonly blobs = new MemoryBlobs();
  readonly secrets = new MemorySecrets();
}

/** A blueprint whose effects are entries of the place: each may be the last that its process does. */
function blueprintAt(
  place: LeasePlace,
  process: SimulatedProcess,
  said: Partial<Blueprint> & { name: string; type: string },
): Blueprint {
  const effect = async (what: string, change: () => void) => {
    await process.pass(`before ${what}`);
    change();
    await process.pass(`after ${what}`);
  };
  return {
    ...{ location: 'local', interfaces: [], attributes: {}, capacity: 1, placing: 'spread', needs: {} },
    limits: { resources: 1, warm: 0, idleSeconds: 5, leaseSeconds: 86_400 },
    can: ['allocate', 'manage', 'destroy'],
    ...said,
    async allocate({ id, needs }) {
      for (const { resource } of Object.values(needs))
        if (!place.standing.has(resource.id)) place.wrong.push(`${id} is made on ${resource.id}, which does not stand`);
      await effect(`make ${id}`, () => {
        if (place.tombs.has(id)) throw new SlipwayError('generation-old', `${id} is over`);
        place.standing.add(id);
      });
      return { outputs: { made: true } };
    },
    manage: async ({ id }) => (place.standing.has(id) ? { state: 'well' } : { state: 'broken', reason: 'It does not stand' }),
    async destroy({ id }) {
      await effect(`remove ${id}`, () => {
        const left = [...place.out].filter((one) => one.startsWith(`${id} `));
        place.wrong.push(...left.map((one) => `${id} goes although there is ${one}`));
        place.tombs.add(id);
        place.standing.delete(id);
      });
    },
    async prepare({ id: lease, token }, { id }) {
      await effect(`prepare ${lease}`, () => {
        if (!place.standing.has(id)) place.wrong.push(`${lease} is prepared on ${id}, which does not stand`);
        place.out.add(`${id} ${lease}#${token}`);
      });
    },
    async takeBack({ id: lease, token }, { id }) {
      await effect(`take back ${lease}`, () => void place.out.delete(`${id} ${lease}#${token}`));
    },
    interface: async () => ({}),
  };
}

/** A replica of the allocator: two machines for two leases each, and working copies that each stand on one. */
export function runAllocator(mesh: SimulatedMesh, name: string, place: LeasePlace): void {
  mesh.run(name, async (process) => {
    const { clock, bus } = process;
    const machine = blueprintAt(place, process, { name: 'Machine', type: 'machine', capacity: 2 });
    const needs = { host: { type: 'machine' } };
    const copy = blueprintAt(place, process, { name: 'Copy', type: 'copy', needs });
    const allocator = await Allocator.start({
      ...{ mesh: 'sim', replica: name, locations: ['local'], bus, clock, folder: '/nowhere', ids: mesh.ids },
      store: process.store('allocator'),
      presence: new Presence({ mesh: 'sim', bus, clock }),
      blobs: place.blobs,
      secrets: place.secrets,
      timeFrom: (lastAt) => new SteadyClock({ wall: () => clock.now(), monotonic: () => clock.now() }, lastAt),
      command: localCommand(),
      // Folders of blueprints that have none.
      filesystem: { ...localFilesystem(), mkdir: async () => {} },
      blueprints: new Map([machine, copy].map((one) => [one.name, one])),
      interfaces: new Map(),
      reports: { info: () => {}, warn: () => {} },
    });
    const health = async () => ({ service: 'allocator', replica: name, ready: true, worksAt: ['local'], reasons: [] });
    startBeats({ mesh: 'sim', service: 'allocator', replica: name, bus, clock, health });
    process.serve('allocator', VERBS.askLease, (body) => allocator.leases.ask(body, OPERATOR));
    process.serve('allocator', VERBS.releaseLease, (body) => allocator.leases.release(body, OPERATOR));
    process.serve('allocator', VERBS.leaseStanding, (body) => allocator.leases.standing(body));
    process.serve('allocator', VERBS.approveBlueprint, (body) => allocator.blueprints.allow('Approve', body, OPERATOR));
  });
}

export const OPERATOR: RequestContext = { correlationId: 'call-1', actor: { id: 'operator', type: 'user' } };
