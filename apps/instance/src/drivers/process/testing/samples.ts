import { readFileSync, readdirSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { DriverSamples } from '@slipway/provisioner/testing';
import { USERS } from '../../../place/ranges.js';
import { ask } from '../../../testing/asking.js';
import { KEEPING_APP, keptData } from '../../../testing/keeping-app.js';
import { reachableNode } from '../runtime.js';
import { processesOf } from './rig.js';

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** What the driver `process` is tried with, whichever way its place is reached. */
export const samples: DriverSamples = {
  module: new URL('../../../../dist/drivers/process/testing/contract-driver.js', import.meta.url).href,
  make: 'contractDriver',
  prepare: async (place) => {
    const context = await place.context();
    // Once for all instances of a place: its effects are not those of one ensure.
    if (process.getuid?.() === 0) await reachableNode(context, USERS.from);
    return {
      spec: {
        command: ['node', '-e', KEEPING_APP],
        environment: { PORT: '${port}', HOST: '${host}', KEY: '${secret.key}' },
        secrets: { key: { bytes: 32 } },
        health: { path: '/', startSeconds: 60 },
      },
    };
  },
  works: async ({ outputs }) => expect(await ask(Number(outputs.port), '/')).toBe('here'),
  gone: async ({ outputs }, place) => {
    await expect(ask(Number(outputs.port), '/')).rejects.toThrow('ECONNREFUSED');
    const claims = ['ports', 'users'].flatMap((kind) => readdirSync(`${place.root}/${kind}`));
    // Each process says in its environment or arguments whose it is; nothing runs for whom nothing is claimed any more.
    const holders = claims.map((claim) => claim.split('@')[1]!);
    const gone = readdirSync(place.root).filter((name) => name.includes('.') && !holders.includes(name));
    expect(gone.length).toBeGreaterThan(0);
    for (const holder of gone) expect(processesOf(`${place.root}/${holder}/`)).toEqual([]);
  },
  stopped: async ({ outputs }) => expect(ask(Number(outputs.port), '/')).rejects.toThrow('ECONNREFUSED'),
  data: keptData,
  changed: {
    spec: {
      command: ['node', '-e', `/* newer */ ${KEEPING_APP}`],
      environment: { PORT: '${port}', HOST: '${host}', KEY: '${secret.key}' },
      files: { 'settings/newer': '${port}' },
      secrets: { key: { bytes: 32 } },
      health: { path: '/', startSeconds: 60 },
      limits: { openFiles: 500 },
    },
    holds: async ({ outputs, observed }, place) => {
      expect(observed).toMatchObject({ limits: { openFiles: 500 }, running: true });
      const [claim] = readdirSync(`${place.root}/ports`).filter((name) => name.startsWith(`${String(outputs['port'])}@`));
      const [, holder, generation] = claim!.split('@');
      expect(readFileSync(`${place.root}/${holder}/${generation}/app/settings/newer`, 'utf8')).toBe(String(outputs['port']));
    },
  },
  byHand: [
    {
      what: 'all that runs of it is killed',
      change: async (_ensured, place, { resource: { environment, name } }) => {
        // Whoever supervises it may have started it again in between.
        for (;;) {
          const left = processesOf(`${place.root}/${environment}.${name}/`).map((line) => Number.parseInt(line, 10));
          if (left.length === 0) return;
          for (const pid of left) killed(pid);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
      drift: 'stopped',
      fields: ['running'],
      repair: 'update',
    },
  ],
  points: 2,
  simulated: 4,
};
