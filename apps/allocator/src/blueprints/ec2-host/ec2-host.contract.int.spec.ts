import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { whyNoSshMachine } from '@slipway/interfaces/testing';
import type { MadeResource } from '../../blueprint/blueprint.js';
import { blueprintContract } from '../../blueprint/testing/index.js';
import { nothingBelow } from '../testing/on-local-host.js';
import { standOnHost } from '../testing/stand-on-host.js';
import { useHost } from '../testing/use-host.js';
import { cloudHost } from './testing/cloud-host.js';
import { TestCloud } from './testing/test-cloud.js';

const missing = whyNoSshMachine();
const folder = mkdtempSync(join(tmpdir(), 'slipway-ec2-'));
let cloud: TestCloud;
beforeAll(async () => {
  if (missing === undefined) cloud = await TestCloud.start();
});
afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const make = () => cloudHost(cloud, folder);
const only = ({ id }: MadeResource) => {
  const [instance, ...others] = cloud.of(id).filter(({ state }) => state !== 'terminated');
  expect(others).toEqual([]);
  return instance!;
};

blueprintContract('EC2Host', make, {
  ...(missing !== undefined && { missing }),
  works: async (resource) => expect(only(resource)).toMatchObject({ id: resource.outputs['instanceId'], state: 'running' }),
  async gone(resource, place) {
    expect(cloud.of(resource.id).filter(({ state }) => state !== 'terminated')).toEqual([]);
    expect([...cloud.keyPairs.values()].filter(({ tags }) => tags['slipway:resource'] === resource.id)).toEqual([]);
    await nothingBelow(join(place.folder, 'EC2Host', resource.id));
  },
  use: useHost,
  standOn: standOnHost,
  breaks: [
    {
      what: 'it was terminated',
      by: async (resource) => only(resource).terminate(),
      reason: /is (shutting-down|terminated): Client\./,
    },
    { what: 'it was stopped', by: async (resource) => only(resource).stop(), reason: /is stopp(ing|ed): Client\./ },
    {
      what: 'EC2 says that it is impaired',
      by: async (resource) => void (only(resource).health = 'impaired'),
      reason: /is impaired: EC2 says so of its instance/,
    },
  ],
  points: 1,
});
