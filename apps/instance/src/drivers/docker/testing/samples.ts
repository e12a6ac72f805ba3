import { readdirSync } from 'node:fs';
import { expect } from '@jest/globals';
import { importNodeImage, type TestEngine } from '@slipway/interfaces/testing';
import { EngineMarks } from '@slipway/provisioner';
import type { DriverSamples } from '@slipway/provisioner/testing';
import { ask } from '../../../testing/asking.js';
import { KEEPING_APP, keptData } from '../../../testing/keeping-app.js';

/** As the first process of a container it has to say itself that it ends when it is asked to. */
const APP = `process.on('SIGTERM', () => process.exit());${KEEPING_APP}`;

/** Address of the driver's module for child processes: it finds its engine in that. */
export const moduleFor = (host: string): string =>
  new URL(`../../../../dist/drivers/docker/testing/contract-driver.js?host=${host}`, import.meta.url).href;

/** What the driver `docker` is tried with, whichever way its place is reached. `engine`: that of the place; none where nothing is tried. */
export function samplesAt(engine: TestEngine | undefined): Omit<DriverSamples, 'module'> {
  const image = engine ? importNodeImage(engine.host) : '';
  /** Filters of what stands at the engine. */
  const of = (name: string): string[] =>
    [`label=slipway.name=${name}`, 'label=slipway.mesh=contract'].flatMap((label) => ['--filter', label]);
  const listed = (...args: string[]): string[] =>
    engine!
      .docker('ps', '--all', ...args)
      .trim()
      .split('\n');
  return {
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
    elsewhere: async ({ resource }) => listed('--format', '{{.Names}}', ...of(resource.name)),
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
        change: async (_ensured, _place, { resource: { name } }) =>
          void engine!.docker('rm', '--force', ...listed('--quiet', ...of(name))),
        drift: 'stopped',
        fields: ['image', 'running'],
        repair: 'update',
      },
    ],
    points: 2,
    simulated: 4,
    waits: true,
  };
}
