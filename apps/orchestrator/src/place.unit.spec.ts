import { describe, expect, test } from '@jest/globals';
import { MeshConfig } from '@slipway/mesh';
import { pickProvisioner, placeOf } from './place.js';

const drivers = { storage: 'directory', database: ['sqlite', 'postgres'], instance: 'process' };
const config = Object.assign(new MeshConfig(), {
  clusters: { default: ['here'], far: ['there'] },
  guestLocations: { here: { location: 'local', drivers }, there: { location: 'away', drivers, provisioner: 'acme' } },
});
Object.assign(config.provisioners.hosts, {
  acme: { provides: { storage: 'acme', instance: 'instance' }, 'resource-uri': '/api' },
});

describe('who provisions', () => {
  test('is whom the request names, else whom its guest location names, else the default', () => {
    expect(pickProvisioner(config, {})).toEqual({ name: 'slipway', by: 'default' });
    expect(pickProvisioner(config, { guestLocation: 'there' })).toEqual({ name: 'acme', by: 'guestLocation' });
    expect(pickProvisioner(config, { clusterId: 'far' })).toEqual({ name: 'acme', by: 'guestLocation' });
    expect(pickProvisioner(config, { guestLocation: 'there', provisioner: 'slipway' })).toEqual({
      name: 'slipway',
      by: 'request',
    });
  });

  test('must be configured; what there is is named', () => {
    expect(() => pickProvisioner(config, { provisioner: 'moon' })).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        details: { fields: [{ field: 'provisioner', reason: 'there is no provisioner moon; there are: acme, slipway' }] },
      }),
    );
    expect(() => pickProvisioner(config, { provisioner: 'constructor' })).toThrow(/provisioner constructor/);
  });

  test('says with its configuration what can be made there: by its own drivers, or by those of the place', () => {
    expect(placeOf(config, {})).toEqual({
      guestLocation: 'here',
      location: 'local',
      provisioner: 'slipway',
      drivers: { storage: ['directory'], database: ['sqlite', 'postgres'], instance: ['process'] },
    });
    expect(placeOf(config, { guestLocation: 'there' })).toEqual({
      guestLocation: 'there',
      location: 'away',
      provisioner: 'acme',
      drivers: { storage: ['acme'], instance: ['process'] },
      resourceUri: '/api',
    });
  });

  test('stays who was picked, whatever the configuration says later', () => {
    expect(placeOf(config, { guestLocation: 'there' }, { name: 'slipway', by: 'default' })).toMatchObject({
      provisioner: 'slipway',
    });
    expect(() => placeOf(config, {}, { name: 'gone', by: 'default' })).toThrow(/no provisioner gone/);
  });
});
