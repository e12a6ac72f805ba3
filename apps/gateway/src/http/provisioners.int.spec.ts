import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VERBS, aliveSubject, type AnnouncedDriver, type HealthReport, type ResourceKind } from '@slipway/contracts';
import type { ProvisionerView, Readiness } from '@slipway/contracts/http';
import { GatewayPlace } from '../testing/gateway-place.js';

const acme = { title: 'Acme', package: '@acme/storage', provides: { storage: 'acme' }, 'resource-uri': '/api' };

let place: GatewayPlace;
beforeEach(async () => {
  place = await GatewayPlace.open();
  place.serveMesh();
});
afterEach(() => place.close());

/** A replica tells that it is alive, and what it provides. */
function announce(kind: ResourceKind, location: string, ...drivers: AnnouncedDriver[]): void {
  const replica = `here-${kind}`;
  const report: HealthReport = { service: kind, replica, ready: true, reasons: [], locations: [{ location, kind, drivers }] };
  place.bus.publish(aliveSubject('test', kind, replica), report);
}

const list = async () => (await place.json<{ items: ProvisionerView[] }>('GET', '/provisioners')).items;
const ready = async () => {
  const answer = await place.json<Readiness & { details?: { checks: Readiness['checks'] } }>('GET', '/health/ready');
  return (answer.details?.checks ?? answer.checks).filter(({ name }) => name.startsWith('provisioner '));
};

describe('the provisioners', () => {
  it('are those of the configuration, with what their services announce: which driver, where, and what it can', async () => {
    Object.assign(place.runtime.config.provisioners.hosts, { acme });
    announce('storage', 'local', { name: 'directory', verbs: ['portable', 'provision'] }, { name: 'acme', verbs: ['provision'] });
    announce('database', 'elsewhere', { name: 'sqlite', verbs: ['provision'] });
    const [first, second] = await list();
    const at = { guestLocation: 'local', location: 'local' };
    expect(first).toEqual({
      ...{ name: 'acme', title: 'Acme', default: false, package: '@acme/storage', resourceUri: '/api', guestLocations: [] },
      provides: [{ ...at, kind: 'storage', driver: 'acme', present: true, verbs: ['provision'] }],
      absent: [],
    });
    expect(second).toEqual({
      ...{ name: 'slipway', default: true, guestLocations: ['local'] },
      provides: [
        { ...at, kind: 'storage', driver: 'directory', present: true, verbs: ['portable', 'provision'] },
        { ...at, kind: 'database', driver: 'sqlite', present: false, verbs: [] },
        { ...at, kind: 'instance', driver: 'process', present: false, verbs: [] },
        { ...at, kind: 'instance', driver: 'artefact', present: false, verbs: [] },
      ],
      absent: [
        'the database driver sqlite is not at local',
        'the instance driver process is not at local',
        'the instance driver artefact is not at local',
      ],
    });
    expect(await place.json('GET', '/provisioners/slipway')).toEqual(second);
  });

  it('that are not configured are not found, and those that are are named', async () => {
    const response = await place.call('GET', '/provisioners/moon');
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { detail: 'There is no provisioner moon; there are: slipway' },
    ]);
    expect((await place.call('GET', '/provisioners?colour=red')).status).toBe(400);
  });
});

describe('what can be chosen', () => {
  it('is asked of the orchestrator, as a job that names the same would mean it', async () => {
    const items = [{ name: 'size', title: 'Size', schema: { type: 'string' }, default: 'S', from: 'definition' }];
    const asked: unknown[] = [];
    place.bus.serve('orchestrator', VERBS.offerings, (query) => {
      asked.push(query);
      return { items };
    });
    expect(await place.json('GET', '/provisioners/slipway/offerings')).toEqual({ items });
    await place.call('GET', '/provisioners/slipway/offerings?guestLocation=local&definition=guestbook%40%5E1&clusterId=default');
    expect(asked).toEqual([
      { provisioner: 'slipway' },
      { provisioner: 'slipway', guestLocation: 'local', definition: 'guestbook@^1', clusterId: 'default' },
    ]);
    asked.length = 0;
    await place.call('GET', '/provisioners/slipway/offerings?snapshot=b7&snapshotId=true');
    await place.call('GET', '/provisioners/slipway/offerings?snapshot=backups%3Ashop.tar');
    expect(asked).toEqual([
      { provisioner: 'slipway', snapshot: 'b7', snapshotId: true },
      { provisioner: 'slipway', snapshot: 'backups:shop.tar' },
    ]);
    expect((await place.call('GET', '/provisioners/slipway/offerings?snapshot=b7&snapshotId=1')).status).toBe(400);
    expect((await place.call('GET', '/provisioners/moon/offerings')).status).toBe(404);
    expect((await place.call('GET', '/provisioners/slipway/offerings?colour=red')).status).toBe(400);
    expect((await place.call('GET', '/provisioners/slipway/offerings?definition=a&definition=b')).status).toBe(400);
  });
});

describe('readiness', () => {
  it('says of each provisioner that all of it is there, from the answers alone', async () => {
    expect(await ready()).toEqual([{ name: 'provisioner slipway', ready: true }]);
  });

  it('names what is configured but absent', async () => {
    Object.assign(place.runtime.config.provisioners.hosts, { acme });
    expect(await ready()).toEqual([
      { name: 'provisioner acme', ready: false, reason: 'the storage driver acme is at none of the places' },
      { name: 'provisioner slipway', ready: true },
    ]);
    expect((await place.call('GET', '/health/ready')).status).toBe(503);
    announce('storage', 'local', { name: 'acme', verbs: ['provision'] });
    expect((await ready())[0]).toEqual({ name: 'provisioner acme', ready: true });
  });

  it('asks of who provisions at a guest location that all of it is there', async () => {
    const { config } = place.runtime;
    Object.assign(config.provisioners.hosts, { acme });
    config.guestLocations['local']!.provisioner = 'acme';
    expect(await ready()).toEqual([
      { name: 'provisioner acme', ready: false, reason: 'the storage driver acme is not at local' },
      { name: 'provisioner slipway', ready: true },
    ]);
  });
});
