import { createHash, randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { EngineMarks } from '@slipway/provisioner';
import type { DriverSamples } from '@slipway/provisioner/testing';
import type { VolumeEngine } from './engine.js';

/** Hardly to be compressed. */
const CONTENT = randomBytes(80_000);

/** Address of the driver's module for child processes: it finds its engine in that. */
export const moduleFor = (host: string): string =>
  new URL(`../../../../dist/drivers/docker-volume/testing/contract-driver.js?host=${host}`, import.meta.url).href;

/** What the driver `docker-volume` is tried with, whichever way its place is reached. `engine`: that of the place; none where nothing is tried. */
export const samplesAt = (engine: VolumeEngine | undefined): Omit<DriverSamples, 'module'> => ({
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
  elsewhere: async ({ resource }) => {
    const ours = [`label=slipway.name=${resource.name}`, 'label=slipway.mesh=contract'].flatMap((label) => ['--filter', label]);
    return engine!
      .docker('volume', 'ls', '--quiet', ...ours)
      .trim()
      .split('\n');
  },
  gone: async ({ outputs }) => {
    expect(engine!.docker('volume', 'ls', '--quiet', '--filter', `name=^${String(outputs['volume'])}$`)).toBe('');
  },
  data: {
    put: async ({ outputs }) => {
      const script = `fs.mkdirSync('/data/deep/empty', { recursive: true });
        fs.writeFileSync('/data/deep/long', Buffer.from('${CONTENT.toString('base64')}', 'base64'), { mode: 0o640 });
        fs.symlinkSync('deep/long', '/data/link')`;
      engine!.inside(outputs['volume'], script);
    },
    has: async ({ outputs }) => {
      const script = `JSON.stringify([fs.readdirSync('/data', { recursive: true }).sort(), fs.readlinkSync('/data/link'),
        (fs.statSync('/data/deep/long').mode & 0o777).toString(8), fs.statSync('/data/deep/long').uid,
        crypto.createHash('sha256').update(fs.readFileSync('/data/deep/long')).digest('hex')])`;
      expect(JSON.parse(engine!.inside(outputs['volume'], script))).toEqual([
        ['deep', 'deep/empty', 'deep/long', 'link'],
        'deep/long',
        '640',
        expect.any(Number),
        createHash('sha256').update(CONTENT).digest('hex'),
      ]);
    },
  },
  byHand: [
    {
      what: 'its mode is changed',
      change: async ({ outputs }) => void engine!.inside(outputs['volume'], `fs.chmodSync('/data', 0o777)`),
      drift: 'changed',
      fields: ['mode'],
    },
    {
      what: 'its volume is removed, its mark stays',
      change: async ({ outputs }) => void engine!.docker('volume', 'rm', String(outputs['volume'])),
      drift: 'missing',
      fields: ['exists'],
    },
  ],
  points: 2,
  simulated: 4,
});
