import { afterAll, expect } from '@jest/globals';
import { EngineMarks } from '@slipway/provisioner';
import { driverContract } from '@slipway/provisioner/testing';
import { dockerVolumeDriver } from './docker-volume.js';
import { missing, VolumeEngine } from './testing/engine.js';

const engine = missing === undefined ? await VolumeEngine.start() : undefined;
afterAll(() => engine?.stop(), 60_000);

driverContract('docker-volume', () => dockerVolumeDriver({ mesh: 'contract', docker: { host: engine!.host } }), {
  missing,
  module: new URL(`../../../dist/drivers/docker-volume/testing/contract-driver.js?host=${engine?.host}`, import.meta.url).href,
  make: 'contractDriver',
  prepare: async (place) => {
    // Once for all volumes of a place: its effect is not one of an ensure.
    await EngineMarks.at(await place.context(), 'contract');
    return { spec: { mode: '0711', owner: '4711', sizeLimit: '1MiB' } };
  },
  works: async ({ outputs }) => {
    const kept = `fs.writeFileSync('/data/file', 'kept'); fs.readFileSync('/data/file', 'utf8')`;
    expect(engine!.inside(outputs['volume'], kept)).toBe('kept');
  },
  gone: async ({ outputs }) => {
    expect(engine!.docker('volume', 'ls', '--quiet', '--filter', `name=^${String(outputs['volume'])}$`)).toBe('');
  },
  points: 6,
});
