import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { HostSpec } from '@slipway/contracts';
import { makeDebianHost, whyNoDebianHost } from '@slipway/interfaces/testing';
import { ContractPlace } from '@slipway/provisioner/testing';
import { HostDriver } from './host.driver.js';
import { osRelease } from './identity.js';

const missing = whyNoDebianHost();
const LONG = 120_000;

test('os-release is read with and without quotes', () => {
  expect(osRelease(`NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID='12'\n`)).toEqual({ distribution: 'debian', version: '12' });
  expect(osRelease('ID="ubuntu"\nVERSION_ID="24.04"')).toEqual({ distribution: 'ubuntu', version: '24.04' });
  expect(osRelease('')).toEqual({ distribution: 'linux', version: '' });
});

const about = 'a host that is there';
if (missing !== undefined) test.skip(`${about} (skipped: ${missing})`, () => {});
else
  describe(about, () => {
    const host = makeDebianHost();
    let place: ContractPlace;
    afterAll(() => host.remove());
    beforeEach(async () => {
      place = await ContractPlace.make();
    });
    afterEach(() => place.remove());

    const ensure = async (spec: HostSpec, root: string | undefined = host.root) => {
      const context = await place.context();
      const driver = new HostDriver({ hosts: root === '' ? {} : { local: { root } } });
      const ensured = await driver.ensure(place.target('instance', 'web'), { host: spec }, {}, context);
      return { ...ensured, driver, log: context.said.log };
    };

    test(
      'another host than its definition says is refused by the field',
      async () => {
        const refused = (spec: HostSpec) => expect(ensure(spec)).rejects;
        await refused({ version: '13' }).toMatchObject({
          code: 'spec-invalid',
          message: expect.stringMatching(/^host\.version: it is to be 13, and the host is debian 12 /),
        });
        await refused({ distribution: 'ubuntu' }).toMatchObject({ message: expect.stringMatching(/^host\.distribution: /) });
        await refused({ architecture: 'riscv64' }).toMatchObject({ message: expect.stringMatching(/^host\.architecture: /) });
      },
      LONG,
    );

    test(
      'a place without a host, and a folder without a Debian, are told with the way out',
      async () => {
        await expect(ensure({}, '')).rejects.toMatchObject({
          code: 'driver-unavailable',
          message: expect.stringMatching(/name its root folder in instances\.hosts\.local\.root/),
        });
        await expect(ensure({}, place.folder)).rejects.toMatchObject({
          code: 'driver-unavailable',
          message: expect.stringMatching(/^No Debian with apt stands at .*: look at instances\.hosts/),
        });
      },
      LONG,
    );

    test(
      'security patches that wait are told by name with both versions, other upgrades are not',
      async () => {
        host.publish('main', { name: 'liba', version: '1.0' }, { name: 'libb', version: '1.0' });
        host.run('apt-get', 'update');
        host.run('apt-get', 'install', '--yes', 'liba', 'libb');
        host.publish('main', { name: 'libb', version: '2.0' });
        host.publish('security', { name: 'liba', version: '1.1' });
        const { outputs, log, driver } = await ensure({});
        expect(outputs['securityPatches']).toEqual([{ name: 'liba', installed: '1.0', available: '1.1' }]);
        expect(log).toContain('security patch: liba 1.0 -> 1.1');
        const seen = await driver.observe(place.target('instance', 'web'), {}, await place.context());
        expect(seen).toMatchObject({ health: 'healthy', reason: expect.stringMatching(/^debian 12 \(/) });
      },
      LONG,
    );
  });
