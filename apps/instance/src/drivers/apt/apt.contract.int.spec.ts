import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { makeDebianHost, whyNoDebianHost } from '@slipway/interfaces/testing';
import { EngineMarks } from '@slipway/provisioner';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';

/** A patch takes its time, both ways: it is part of the campaign only. */
const ALL = process.env.SLIPWAY_POINTS === 'all';

const missing = whyNoDebianHost();
const host = missing === undefined ? makeDebianHost() : undefined;
afterAll(() => host?.remove(), 60_000);

host?.publish('main', { name: 'libbase', version: '1.0' }, { name: 'liblist', version: '1.0' });
host?.publish('main', { name: 'sample', version: '1.0', depends: 'libbase', files: { 'usr/share/sample/says': 'here' } });
host?.run('apt-get', 'update');
host?.run('apt-get', 'install', '--yes', 'liblist');
host?.publish('security', { name: 'liblist', version: '1.1' });
host?.run('apt-get', 'update');

/** Packages that stand for our resources. */
const marks = () =>
  host!
    .run('dpkg-query', '--show', '--showformat=${Package}\\n')
    .split('\n')
    .filter((name) => name.startsWith('slipway-'));

driverContract('apt', contractDriver, {
  missing,
  module: new URL('../../../dist/drivers/apt/testing/contract-driver.js', import.meta.url).href,
  make: 'contractDriver',
  prepare: async (place) => {
    // Once for all of a place: its effect is not one of an ensure.
    await EngineMarks.at(await place.context(), 'contract');
    return {
      spec: { apt: { packages: [{ name: 'sample', version: '1.0' }], ...(ALL && { patches: [{ name: 'liblist' }] }) } },
      inputs: { target: { type: 'host', root: host!.root } },
    };
  },
  works: async ({ observed }) => {
    expect(observed).toMatchObject({ packages: { sample: '1.0' } });
    expect(readFileSync(join(host!.root, 'usr/share/sample/says'), 'utf8')).toBe('here');
    expect([host!.version('libbase'), host!.version('liblist')]).toEqual(['1.0', ALL ? '1.1' : '1.0']);
  },
  gone: async () => {
    // Others at work have the same packages meanwhile: what they need is there as long as they are.
    if (marks().length > 0) return;
    expect(host!.version('sample')).toBeUndefined();
    expect([host!.version('libbase'), host!.version('liblist')]).toEqual([undefined, '1.0']);
  },
  elsewhere: async ({ resource, generation }) =>
    marks().filter((name) => name.endsWith(`-default.${resource.name}-g${generation}`)),
  byHand: [
    {
      what: 'a person removes a package',
      // With it goes what depends on it: the package that stands for the resource.
      change: async () => void host!.run('apt-get', 'remove', '--yes', 'sample'),
      drift: 'changed',
      fields: ['state', 'packages.sample'],
    },
  ],
  points: 1,
  simulated: 1,
});
