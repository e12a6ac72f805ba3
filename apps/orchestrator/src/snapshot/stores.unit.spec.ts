import { describe, expect, test } from '@jest/globals';
import { MeshConfig } from '@slipway/mesh';
import { destinationFor, destinationOf, pathOf, sourceOf } from './stores.js';

const config = Object.assign(new MeshConfig(), {
  snapshots: { stores: { backups: { folder: '/srv/backups' }, offsite: { folder: '/mnt/offsite' } } },
}) as MeshConfig;

describe('where snapshots go and come from', () => {
  test('a store by its name, or a folder below one', () => {
    expect(destinationOf(config, 'backups')).toEqual({ store: 'backups', below: '' });
    expect(destinationOf(config, '/srv/backups')).toEqual({ store: 'backups', below: '' });
    expect(destinationOf(config, '/mnt/offsite/2026/')).toEqual({ store: 'offsite', below: '2026' });
    expect(destinationOf(config, 'offsite:2026/11/')).toEqual({ store: 'offsite', below: '2026/11' });
    for (const folder of ['backups:', 'backups:.', 'backups:./', 'backups:a/..'])
      expect(destinationOf(config, folder)).toEqual({ store: 'backups', below: '' });
    expect(pathOf(config, { store: 'offsite', file: '2026/shop.tar' })).toBe('/mnt/offsite/2026/shop.tar');
  });

  test('an archive below a store', () => {
    expect(sourceOf(config, '/srv/backups/shop.tar')).toEqual({ store: 'backups', below: 'shop.tar' });
    expect(sourceOf(config, 'backups:daily/shop.tar')).toEqual({ store: 'backups', below: 'daily/shop.tar' });
  });

  test('what is not named is the environment’s, else that of all environments, else nowhere; it is said in one form', () => {
    expect(destinationFor(config, 'night', undefined)).toBeUndefined();
    const { stores } = config.snapshots;
    const environments = { night: { destination: 'offsite:night/' } };
    const at = Object.assign(new MeshConfig(), { snapshots: { stores, destination: 'backups' }, environments }) as MeshConfig;
    const said = [destinationFor(at, 'night', undefined), destinationFor(at, 'day', undefined)];
    expect(said).toEqual(['offsite:night', 'backups']);
    expect(destinationFor(at, 'night', '/srv/backups/by/hand')).toBe('backups:by/hand');
    expect(destinationFor(at, 'constructor', undefined)).toBe('backups');
  });

  test.each([
    'elsewhere',
    'backups/../..',
    '/srv',
    '/srv/backups/../secrets',
    '/srv/backups-of-others',
    '/',
    'srv/backups',
    '__proto__',
    'backups:../secrets',
    'backups:/etc',
    'elsewhere:daily',
    '__proto__:x',
  ])('%s is no destination: the stores are listed', (destination) => {
    expect(() => destinationOf(config, destination)).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        message: expect.stringContaining('the stores are backups (/srv/backups), offsite (/mnt/offsite)'),
      }),
    );
  });

  test.each(['/etc/passwd', '/srv/backups', '/srv/backups/../../etc/passwd', 'backups', 'backups:', 'backups:../x', 'shop.tar'])(
    '%s is no archive',
    (path) => {
      expect(() => sourceOf(config, path)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    },
  );

  test('without a store it is said how to have one', () => {
    expect(() => destinationOf(new MeshConfig(), 'backups')).toThrow(/no store is configured \(snapshots\.stores\)/);
  });
});
