import { describe, expect, test } from '@jest/globals';
import { PLACE, World, abstract, database, instance, steps, storage, wires } from '../testing.js';

const guestbook = () => new World(instance('guestbook', ['db', 'files']), database('db'), storage('files'));

describe('a plan to export', () => {
  test('stops what runs, reads out everything side by side, and brings it up again as it was', () => {
    const world = guestbook();
    world.provision('guestbook');
    const plan = world.planExport();
    expect(plan.outcome).toBe('export');
    expect(steps(plan)).toEqual({
      'instance/shop#stop:1': [],
      'instance/shop#export:1': ['instance/shop#stop'],
      'database/shop-db#export:1': ['instance/shop#stop'],
      'storage/shop-files#export:1': ['instance/shop#stop'],
      'instance/shop:1': ['database/shop-db#export', 'instance/shop#export', 'storage/shop-files#export'],
    });
    expect(plan.steps.map(({ action, inverse }) => `${action} ${inverse}`)).toEqual([
      'stop ensure',
      'export none',
      'export none',
      'export none',
      'ensure none',
    ]);
  });

  test('says where the archive goes as well, where that was asked for', () => {
    const world = guestbook();
    world.provision('guestbook');
    expect(world.planExport('shop', { destination: 'backups:daily' }).destination).toBe('backups:daily');
    expect(world.planExport()).not.toHaveProperty('destination');
  });

  test('names what each thing is to the instance, and how it is wired', () => {
    const world = new World(instance('app', ['db']), database('db', ['volume']), storage('volume'));
    world.provision('app');
    const plan = world.planExport();
    const roles = plan.steps.filter(({ action }) => action === 'export').map(({ name, role }) => [name, role]);
    expect(Object.fromEntries(roles)).toEqual({ shop: '', 'shop-db': 'db', 'shop-db-volume': 'db/volume' });
    expect(wires(plan)).toEqual(['database/shop-db -volume-> storage/shop-db-volume', 'instance/shop -db-> database/shop-db']);
  });

  test('keeps what was chosen of the definition’s offerings; what a place offers means nothing elsewhere', () => {
    const size = { name: 'size', title: 'Size', schema: {}, default: 'S' };
    const world = new World(instance('app', [], { offerings: [size] }));
    const place = { ...PLACE, offered: [{ ...size, name: 'zone', from: 'guestLocation' as const }] };
    world.carryOut(world.plan('app', 'shop', { place, offerings: { size: 'L', zone: 'b' } }), 'shop');
    expect(world.planExport().steps.map(({ action, offerings }) => [action, offerings])).toEqual([
      ['stop', { size: 'L', zone: 'b' }],
      ['export', { size: 'L' }],
      ['ensure', { size: 'L', zone: 'b' }],
    ]);
  });

  test('rests on all that it reads out, and lets nobody else rest on what it brings up again', () => {
    const world = guestbook();
    world.provision('guestbook');
    const { reads, writes } = world.planExport();
    expect(reads).toEqual(['database/shop-db', 'instance/shop', 'storage/shop-files'].map((key) => ({ key, generation: 1 })));
    expect(writes).toEqual(['instance/shop']);
  });

  test('of several instances: users stop first and come up last', () => {
    const world = new World(instance('app', ['proxy']), instance('proxy', ['files']), storage('files'));
    world.provision('app');
    const after = steps(world.planExport());
    expect(after['instance/shop-proxy#stop:1']).toEqual(['instance/shop#stop']);
    expect(after['storage/shop-proxy-files#export:1']).toEqual(['instance/shop#stop', 'instance/shop-proxy#stop']);
    expect(after['instance/shop:1']).toContain('instance/shop-proxy');
    expect(after['instance/shop-proxy:1']).not.toContain('instance/shop');
  });

  test('what is shared is left alone, and a storage alone is read out without stopping anything', () => {
    const world = new World(instance('app', ['pg', 'files']), database('pg', [], { shared: true }), storage('files'));
    world.provision('app');
    expect(Object.keys(steps(world.planExport())).filter((id) => id.includes('pg'))).toEqual([]);
    world.provision('files', 'box');
    expect(steps(world.planExport('box'))).toEqual({ 'storage/box#export:1': [] });
  });

  test('of an abstract definition there is nothing to begin at, and of nothing there is nothing', () => {
    const world = new World(abstract('stack', ['files']), storage('files'));
    world.provision('stack');
    expect(world.planExport().unsatisfied.map(({ reason }) => reason)).toEqual(['snapshot-unfit']);
    expect(world.planExport('nowhere').unsatisfied).toMatchObject([{ message: 'Nothing stands under the name nowhere.' }]);
  });
});
