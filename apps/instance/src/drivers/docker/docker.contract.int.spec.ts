import { readdirSync } from 'node:fs';
import { afterAll, expect } from '@jest/globals';
import { importNodeImage, startDockerEngine, whyNoDockerEngine } from '@slipway/interfaces/testing';
import { EngineMarks } from '@slipway/provisioner';
import { driverContract } from '@slipway/provisioner/testing';
import { ask } from '../../testing/asking.js';
import { KEEPING_APP, keptData } from '../../testing/keeping-app.js';
import { contractDriver } from './testing/contract-driver.js';

/** As the first process of a container it has to say itself that it ends when it is asked to. */
const APP = `process.on('SIGTERM', () => process.exit());${KEEPING_APP}`;

const missing = whyNoDockerEngine();
const engine = missing === undefined ? await startDockerEngine() : undefined;
const image = engine ? importNodeImage(engine.host) : '';
afterAll(() => engine?.stop(), 60_000);

const module = new URL(`../../../dist/drivers/docker/testing/contract-driver.js?host=${engine?.host}`, import.meta.url).href;

driverContract('docker', () => contractDriver(module), {
  missing,
  module,
  make: 'contractDriver',
  prepare: async (place) => {
    // Once for all instances of a place: its effect is not one of an ensure.
    await EngineMarks.at(await place.context(), 'contract');
    return {
      spec: {
        container: { image },
        command: ['/bin/node', '-e', APP],
        environment: { PORT: '${port}', HOST: '${host}', KEY: '${secret.key}' },
        secrets: { key: { bytes: 32 } },
        health: { path: '/', startSeconds: 60 },
      },
    };
  },
  works: async ({ outputs }) => expect(await ask(Number(outputs.port), '/')).toBe('here'),
  elsewhere: async ({ resource }) => {
    const ours = [`label=slipway.name=${resource.name}`, 'label=slipway.mesh=contract'].flatMap((label) => ['--filter', label]);
    return engine!
      .docker('ps', '--all', '--format', '{{.Names}}', ...ours)
      .trim()
      .split('\n');
  },
  gone: async ({ outputs }, place) => {
    await expect(ask(Number(outputs.port), '/')).rejects.toThrow('ECONNREFUSED');
    const [claimed] = readdirSync(`${place.root}/ports`).filter((claim) => claim.startsWith(`${Number(outputs.port)}@`));
    expect(claimed).toBeUndefined();
  },
  stopped: async ({ outputs }) => expect(ask(Number(outputs.port), '/')).rejects.toThrow('ECONNREFUSED'),
  data: keptData,
  changed: {
    spec: {
      container: { image },
      command: ['/bin/node', '-e', `/* newer */ ${APP}`],
      environment: { PORT: '${port}', HOST: '${host}', KEY: '${secret.key}' },
      secrets: { key: { bytes: 32 } },
      health: { path: '/', startSeconds: 60 },
      limits: { processes: 200, openFiles: 2_000 },
    },
    holds: async ({ observed }) =>
      expect(observed).toMatchObject({ limits: { processes: 200, openFiles: 2_000 }, running: true }),
  },
  byHand: [
    {
      what: 'its container is removed',
      change: async (_ensured, _place, { resource: { name } }) => {
        const ours = ['--filter', `label=slipway.name=${name}`, '--filter', 'label=slipway.mesh=contract'];
        const containers = engine!
          .docker('ps', '--all', '--quiet', ...ours)
          .trim()
          .split('\n');
        engine!.docker('rm', '--force', ...containers);
      },
      drift: 'stopped',
      fields: ['image', 'running'],
      repair: 'update',
    },
  ],
  points: 2,
  simulated: 4,
  waits: true,
});
