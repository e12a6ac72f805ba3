import { afterEach, describe, expect, it } from '@jest/globals';
import type { ProvisionerView } from '@slipway/contracts/http';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const slipway: ProvisionerView = {
  name: 'slipway',
  default: true,
  guestLocations: ['local'],
  provides: [
    { kind: 'storage', driver: 'directory', guestLocation: 'local', location: 'local', present: true, verbs: ['provision'] },
    { kind: 'database', driver: 'sqlite', guestLocation: 'local', location: 'local', present: false, verbs: [] },
  ],
  absent: ['the database driver sqlite is not at local'],
};

describe('provisioners', () => {
  let gateway: SmallGateway;
  afterEach(() => gateway.close());

  it('are listed with what they provide and what is not there', async () => {
    gateway = await SmallGateway.open(() => ({ items: [slipway] }));
    const { code, stdout } = await ran(gateway.url, 'provisioners');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAME +TITLE +PROVIDES +GUEST LOCATIONS +ABSENT/);
    expect(stdout).toMatch(
      /slipway \(default\) +storage: directory; database: sqlite +local +the database driver sqlite is not at local/,
    );
    expect(gateway.calls).toEqual(['GET /api/v1/provisioners']);
    expect(JSON.parse((await ran(gateway.url, 'provisioners', 'list', '-o', 'json')).stdout)).toEqual([slipway]);
  });

  it('are shown one by one', async () => {
    gateway = await SmallGateway.open(() => slipway);
    expect(JSON.parse((await ran(gateway.url, 'provisioners', 'show', 'slipway', '-o', 'json')).stdout)).toEqual(slipway);
    expect(gateway.calls).toEqual(['GET /api/v1/provisioners/slipway']);
  });
});
