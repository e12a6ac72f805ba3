import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError, type AptSpec } from '@slipway/contracts';
import { makeDebianHost, whyNoDebianHost } from '@slipway/interfaces/testing';
import { AptRig } from './testing/apt-rig.js';

const missing = whyNoDebianHost();
const LONG = 120_000;

const about = 'packages of a Debian host that fail';
if (missing !== undefined) test.skip(`${about} (skipped: ${missing})`, () => {});
else
  describe(about, () => {
    const host = makeDebianHost();
    const rig = new AptRig(host);
    afterAll(() => host.remove());
    beforeEach(() => rig.begin());
    afterEach(() => rig.end());

    const untouched = async (name: string) => {
      await rig.destroy(name);
      expect(rig.marks()).toEqual([]);
      expect(rig.notes()).toEqual([]);
    };
    const refused: [string, AptSpec, string, RegExp][] = [
      [
        'an unknown package',
        { packages: [{ name: 'nosuch' }] },
        'spec-invalid',
        /^apt\.packages\[0\]: none of the host's package sources has nosuch/,
      ],
      ['an unknown version', { packages: [{ name: 'known', version: '9' }] }, 'spec-invalid', /have no known 9; they have 1\.0$/],
      [
        'a patch of what is not there',
        { patches: [{ name: 'known' }] },
        'spec-invalid',
        /^apt\.patches\[0\]: known is not installed .* apt\.packages$/,
      ],
      [
        'a patch that is not out yet',
        { patches: [{ name: 'dpkg', version: '99' }] },
        'spec-invalid',
        /have no dpkg 99; they have 1\./,
      ],
      ['a name twice', { packages: [{ name: 'known' }, { name: 'known' }] }, 'spec-invalid', /names known twice/],
      ['nothing', {}, 'spec-invalid', /neither packages nor patches/],
    ];
    test.each(refused)(
      '%s is refused by the field, and nothing is changed',
      async (_, apt, code, message) => {
        host.publish('main', { name: 'known', version: '1.0' });
        await expect(rig.ensure('one', apt)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
        expect(host.version('known')).toBeUndefined();
        await untouched('one');
      },
      LONG,
    );

    test(
      'packages that cannot be there together are refused in the words of apt',
      async () => {
        host.publish(
          'main',
          { name: 'base-lib', version: '1.0' },
          { name: 'too-new', version: '1.0', depends: 'base-lib (>= 2.0)' },
        );
        await expect(rig.ensure('one', { packages: [{ name: 'too-new' }] })).rejects.toMatchObject({
          code: 'spec-invalid',
          message: expect.stringMatching(/too-new does not go together with what is on the host: .*base-lib \(>= 2\.0\)/),
        });
        await untouched('one');
      },
      LONG,
    );

    test(
      'a source that is away is told as such, and a later try ends well',
      async () => {
        host.publish('main', { name: 'far', version: '1.0' });
        const [there, away] = ['main', 'main.away'].map((name) => join(host.root, 'srv', name));
        renameSync(there!, away!);
        await expect(rig.ensure('one', { packages: [{ name: 'far' }] })).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringMatching(/^The package sources of the host .* cannot be read: .*srv\/main.*sources\.list/),
        });
        renameSync(away!, there!);
        host.run('apt-get', 'update');
        renameSync(join(there!, 'far_1.0_all.deb'), join(host.root, 'srv/far.deb'));
        await expect(rig.ensure('one', { packages: [{ name: 'far' }] })).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringMatching(/^far: .*far_1\.0_all\.deb/),
        });
        renameSync(join(host.root, 'srv/far.deb'), join(there!, 'far_1.0_all.deb'));
        await rig.ensure('one', { packages: [{ name: 'far' }] });
        expect(host.version('far')).toBe('1.0');
        await untouched('one');
      },
      LONG,
    );

    test(
      'a disk that is full is told as such, what was half unpacked goes, and a later try ends well',
      async () => {
        const full = join(host.root, 'opt/full');
        mkdirSync(full, { recursive: true });
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full]);
        try {
          host.publish('main', { name: 'large', version: '1.0', files: { 'opt/full/much': 'x'.repeat(300_000) } });
          await expect(rig.ensure('one', { packages: [{ name: 'large' }] })).rejects.toMatchObject({
            code: 'no-space',
            message: expect.stringMatching(/^large: there is not enough free space on the host: .*No space left on device/),
          });
          await untouched('one');
        } finally {
          execFileSync('umount', [full]);
        }
        await rig.ensure('two', { packages: [{ name: 'large' }] });
        await untouched('two');
      },
      LONG,
    );

    test(
      'a script of a package that fails is told with what it said; what came till then goes',
      async () => {
        const postinst = '#!/bin/sh\necho "E: it needs more light" >&2\nexit 3\n';
        host.publish('main', { name: 'came-along', version: '1.0' });
        host.publish('main', { name: 'dark', version: '1.0', depends: 'came-along', scripts: { postinst } });
        await expect(rig.ensure('one', { packages: [{ name: 'dark' }] })).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringMatching(/^dark: .*it needs more light/),
        });
        expect(host.version('came-along')).toBe('1.0');
        expect(await rig.state('one')).toBe('partial');
        await untouched('one');
        expect(host.version('came-along')).toBeUndefined();
      },
      LONG,
    );

    describe.each(['preinst', 'postinst'])('killed in the middle, in its %s', (script) => {
      const name = `slow-${script}`;
      const [waits, began] = ['waits', 'began'].map((file) => join(host.root, 'srv', file));
      const killed = async () => {
        const text =
          '#!/bin/sh\necho $PPID >/srv/began.new; mv /srv/began.new /srv/began\nwhile [ -e /srv/waits ]; do sleep 0.05; done\n';
        host.publish(
          'main',
          { name: 'beside', version: '1.0' },
          { name, version: '1.0', depends: 'beside', scripts: { [script]: text } },
        );
        rmSync(began!, { force: true });
        writeFileSync(waits!, '');
        let ended = false;
        const running = rig
          .ensure('one', { packages: [{ name }] })
          .catch((error: unknown) => error)
          .finally(() => (ended = true));
        while (!existsSync(began!) && !ended) await sleep(20);
        const stat = readFileSync(`/proc/${readFileSync(began!, 'utf8').trim()}/stat`, 'utf8');
        const group = Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[2]);
        process.kill(-group, 'SIGKILL');
        expect(await running).toBeInstanceOf(SlipwayError);
        rmSync(waits!);
        expect(host.version(name)).toBeUndefined();
      };

      test(
        'the next try ends well',
        async () => {
          await killed();
          await rig.ensure('one', { packages: [{ name }] });
          expect([host.version(name), host.version('beside')]).toEqual(['1.0', '1.0']);
          await untouched('one');
          expect(host.version('beside')).toBeUndefined();
        },
        LONG,
      );

      test(
        'a destroy leaves nothing of it',
        async () => {
          await killed();
          await untouched('one');
          expect([host.version(name), host.version('beside')]).toEqual([undefined, undefined]);
          expect(host.run('dpkg', '--audit')).toBe('');
        },
        LONG,
      );
    });
  });
