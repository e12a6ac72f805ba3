import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildTestPackage, makeDebianHost, whyNoDebianHost } from '@slipway/interfaces/testing';
import { AptRig } from './testing/apt-rig.js';

const missing = whyNoDebianHost();
const LONG = 120_000;

const about = 'packages of a Debian host';
if (missing !== undefined) test.skip(`${about} (skipped: ${missing})`, () => {});
else
  describe(about, () => {
    const host = makeDebianHost();
    const rig = new AptRig(host);
    afterAll(() => host.remove());
    beforeEach(() => rig.begin());
    afterEach(() => rig.end());

    test(
      'a package comes with what it depends on, and goes with it; what was there before stays',
      async () => {
        host.publish('main', { name: 'liba', version: '1.0' }, { name: 'libold', version: '1.0' });
        host.publish('main', { name: 'app', version: '1.0', depends: 'liba, libold' });
        host.run('apt-get', 'update');
        host.run('apt-get', 'install', '--yes', 'libold');
        host.run('apt-mark', 'auto', 'libold');
        const { effect, observed, log } = await rig.ensure('one', { packages: [{ name: 'app' }] });
        expect(effect).toBe('made');
        expect(observed).toEqual({ root: host.root, packages: { app: '1.0' }, patches: {} });
        expect(log).toContain('app 1.0: installed');
        expect(host.version('liba')).toBe('1.0');
        expect(rig.manual()).not.toContain('liba');
        // A person who tidies up takes nothing of it away.
        host.run('apt-get', 'autoremove', '--yes');
        expect([host.version('app'), host.version('liba')]).toEqual(['1.0', '1.0']);
        await rig.destroy('one');
        expect([host.version('app'), host.version('liba'), host.version('libold')]).toEqual([undefined, undefined, '1.0']);
        expect(rig.marks()).toEqual([]);
        expect(existsSync(join(host.root, 'var/lib/slipway'))).toBe(false);
        expect(readdirSync(join(host.root, 'usr/sbin'))).not.toContain('policy-rc.d');
      },
      LONG,
    );

    test(
      'of two that need the same, the last takes it along',
      async () => {
        host.publish('main', { name: 'shared-lib', version: '1.0' }, { name: 'first', version: '1.0', depends: 'shared-lib' });
        host.run('apt-get', 'update');
        await Promise.all([
          rig.ensure('one', { packages: [{ name: 'first' }] }),
          rig.ensure('two', { packages: [{ name: 'shared-lib' }] }),
        ]);
        await rig.destroy('one');
        expect([host.version('first'), host.version('shared-lib')]).toEqual([undefined, '1.0']);
        await rig.destroy('two');
        expect(host.version('shared-lib')).toBeUndefined();
        expect(rig.notes()).toEqual([]);
      },
      LONG,
    );

    test(
      'what a person has come to need stays',
      async () => {
        const [ours, theirs] = ['ours', 'theirs'].map((name) => ({ name, version: '1.0', depends: 'libp' }));
        host.publish('main', { name: 'libp', version: '1.0' }, ours!, theirs!);
        await rig.ensure('one', { packages: [{ name: 'ours' }] });
        host.run('apt-get', 'install', '--yes', 'theirs');
        await rig.destroy('one');
        expect([host.version('ours'), host.version('libp'), host.version('theirs')]).toEqual([undefined, '1.0', '1.0']);
        host.run('dpkg', '--purge', 'theirs', 'libp');
      },
      LONG,
    );

    test(
      'a patch goes from version to version, by name, and back again where the earlier one can be had',
      async () => {
        host.publish('main', { name: 'libtls', version: '1.0' }, { name: 'libzip', version: '1.0' });
        host.run('apt-get', 'update');
        host.run('apt-get', 'install', '--yes', 'libtls', 'libzip');
        host.run('apt-mark', 'auto', 'libtls');
        host.publish('security', { name: 'libtls', version: '1.0+deb12u1' }, { name: 'libzip', version: '1.0+deb12u1' });
        const { observed, log } = await rig.ensure('one', { patches: [{ name: 'libtls' }] });
        expect(observed).toMatchObject({ patches: { libtls: { from: '1.0', version: '1.0+deb12u1' } } });
        expect(log).toContain('libtls 1.0 -> 1.0+deb12u1');
        expect(host.version('libzip')).toBe('1.0');
        await rig.ensure('two', { patches: [{ name: 'libzip', version: '1.0+deb12u1' }] });
        expect(await rig.destroy('one')).toContain('back to libtls=1.0');
        expect([host.version('libtls'), host.version('libzip')]).toEqual(['1.0', '1.0+deb12u1']);
        expect(rig.manual()).not.toContain('libtls');
        host.withdraw('main', 'libzip', '1.0');
        host.run('apt-get', 'update');
        const stays = /^libzip stays at 1.0\+deb12u1: none of the host's package sources has 1.0 any more/;
        expect(await rig.destroy('two')).toContainEqual(expect.stringMatching(stays));
        expect(host.version('libzip')).toBe('1.0+deb12u1');
        expect(rig.notes()).not.toContain('libzip');
      },
      LONG,
    );

    test(
      'a patch that two want goes back with the last of them; what needs the newer version keeps it',
      async () => {
        host.publish('main', { name: 'libkey', version: '1.0' });
        host.run('apt-get', 'update');
        host.run('apt-get', 'install', '--yes', 'libkey');
        host.publish(
          'security',
          { name: 'libkey', version: '1.1' },
          { name: 'needs-it', version: '1.0', depends: 'libkey (>= 1.1)' },
        );
        await rig.ensure('one', { patches: [{ name: 'libkey' }] });
        await rig.ensure('two', { patches: [{ name: 'libkey' }] });
        await rig.destroy('one');
        expect(host.version('libkey')).toBe('1.1');
        host.run('apt-get', 'install', '--yes', 'needs-it');
        expect(await rig.destroy('two')).toContainEqual(
          expect.stringMatching(/^libkey=1.0 cannot be had back, so it stays as it is: .*needs-it/),
        );
        expect([host.version('libkey'), host.version('needs-it')]).toEqual(['1.1', '1.0']);
      },
      LONG,
    );

    test(
      'exactly the version that is asked for is installed, also one that the sources do not prefer, and goes again',
      async () => {
        host.publish('main', { name: 'two-of-it', version: '1.0' }, { name: 'two-of-it', version: '2.0' });
        const { observed } = await rig.ensure('one', { packages: [{ name: 'two-of-it', version: '1.0' }] });
        expect(observed).toMatchObject({ packages: { 'two-of-it': '1.0' } });
        expect(rig.manual()).not.toContain('two-of-it');
        await rig.destroy('one');
        expect(host.version('two-of-it')).toBeUndefined();
      },
      LONG,
    );

    test(
      'a package that its definition brings is installed with what the sources have of its dependencies, and goes again',
      async () => {
        host.publish('main', { name: 'libfar', version: '1.0' });
        const folder = mkdtempSync(join(tmpdir(), 'slipway-brought-'));
        const file = buildTestPackage({ name: 'brought', version: '3.0', depends: 'libfar' }, folder);
        const blob = await (await rig.context()).blobs.put(readFileSync(join(folder, file)));
        rmSync(folder, { recursive: true });
        const facts = { kind: 'deb', file, name: 'brought', version: '3.0', architecture: 'all' };
        host.run('apt-get', 'update');
        const { observed } = await rig.ensure('one', { artefactBlob: { ...blob }, artefactFacts: facts });
        expect(observed).toMatchObject({ packages: { brought: '3.0' } });
        expect(host.version('libfar')).toBe('1.0');
        expect(rig.manual()).not.toContain('brought');
        await rig.destroy('one');
        expect([host.version('brought'), host.version('libfar')]).toEqual([undefined, undefined]);
        const other = { artefactBlob: { ...blob }, artefactFacts: { kind: 'jar', file: 'a.jar' } };
        await expect(rig.ensure('two', other)).rejects.toMatchObject({
          code: 'spec-invalid',
          message: expect.stringMatching(/^artefact: the driver "apt" installs Debian packages/),
        });
      },
      LONG,
    );

    test(
      'what a package would start is not started in a root without an init, and a rule of the host stays',
      async () => {
        const postinst = '#!/bin/sh\n/usr/sbin/policy-rc.d\necho $? >/srv/allowed\n';
        host.publish('main', { name: 'a-daemon', version: '1.0', scripts: { postinst } });
        await rig.ensure('one', { packages: [{ name: 'a-daemon' }] });
        expect(host.run('cat', '/srv/allowed')).toBe('101\n');
        host.run('sh', '-c', 'printf "#!/bin/sh\\nexit 104\\n" >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d');
        await rig.destroy('one');
        await rig.ensure('two', { packages: [{ name: 'a-daemon' }] });
        expect(host.run('cat', '/srv/allowed')).toBe('104\n');
        host.run('rm', '/usr/sbin/policy-rc.d');
        await rig.destroy('two');
      },
      LONG,
    );
  });
