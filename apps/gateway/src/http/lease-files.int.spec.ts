import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, type CallInterfaceCommand } from '@slipway/contracts';
import { FakeAllocator } from '../testing/fake-allocator.js';
import { GatewayPlace } from '../testing/gateway-place.js';

const FILE = '/leases/lease-1/files?path=/srv/big.bin';
const token = { 'Slipway-Lease-Token': '4' };
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const big = randomBytes(3 * 1024 * 1024);

let place: GatewayPlace;
let allocator: FakeAllocator;
/** What stands on the resource. */
let files: Map<string, Buffer>;
beforeEach(async () => {
  place = await GatewayPlace.open();
  allocator = new FakeAllocator(place);
  files = new Map();
  allocator.answers('callInterface', async ({ callId, method, arguments: given }: CallInterfaceCommand) => {
    const held = place.blobs.of(callId);
    const path = String(given['path']);
    if (method === 'put') files.set(path, await held.read(String(given['blob']), 2 * big.length));
    else if (!files.has(path)) throw new SlipwayError('not-found', `There is no file ${path}`);
    return { result: method === 'put' ? null : { ...(await held.put(files.get(path)!)) }, lines: 0 };
  });
});
afterEach(() => place.close());

const write = (
  path: string,
  body: Uint8Array,
  headers: Record<string, string> = { ...token, 'Content-Type': 'application/octet-stream' },
) =>
  fetch(`${place.gateway.url}/api/v1${path}`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${place.key}`, ...headers },
    body: body as Uint8Array<ArrayBuffer>,
  });
/** Who holds something still; what was handed over is removed behind the answer. */
const untilNothingIsHeld = async () => {
  while ((await place.blobs.holders()).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('a file on a leased resource', () => {
  it('is written and read whole, and nothing of it stays behind', async () => {
    const written = await write(`${FILE}&mode=755`, big);
    expect([written.status, await written.json()]).toEqual([200, { bytes: big.length }]);
    expect(sha256Of(files.get('/srv/big.bin')!)).toBe(sha256Of(big));
    expect(allocator.asked).toMatchObject([
      [
        'call-interface',
        { leaseId: 'default.lease-1', token: 4, interface: 'filesystem', method: 'put', arguments: { mode: 0o755 } },
        'operator',
      ],
    ]);
    await untilNothingIsHeld();
    const read = await place.call('GET', FILE, { headers: token });
    expect([read.status, read.headers.get('Content-Length'), read.headers.get('Content-Type')]).toEqual([
      ...[200, String(big.length), 'application/octet-stream'],
    ]);
    expect(sha256Of(new Uint8Array(await read.arrayBuffer()))).toBe(sha256Of(big));
    await untilNothingIsHeld();
  });

  it('that is not there, or whose lease is not active, is a problem, and what came in is gone', async () => {
    const missing = await place.call('GET', FILE, { headers: token });
    expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'not-found' }]);
    allocator.answers('callInterface', () => {
      throw new SlipwayError('lease-not-active', 'default.lease-1 is released', { status: 'released' });
    });
    const refused = await write(FILE, big);
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'lease-not-active' }]);
    await untilNothingIsHeld();
  });

  it('that is larger than is allowed is refused, whether or not that is said beforehand', async () => {
    place.runtime.config.snapshots.maxUploadBytes = 1000;
    const large = big.subarray(0, 5_000);
    for (const body of [large, new Blob([large]).stream()]) {
      const refused = await fetch(`${place.gateway.url}/api/v1${FILE}`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${place.key}`, ...token, 'Content-Type': 'application/octet-stream' },
        ...{ body, duplex: 'half' },
      } as RequestInit);
      expect([refused.status, await refused.json()]).toMatchObject([413, { code: 'too-large' }]);
    }
    expect(allocator.asked).toEqual([]);
    await untilNothingIsHeld();
  });

  it('is refused by the field where it is wrong, and nobody is asked', async () => {
    const bytes = { 'Content-Type': 'application/octet-stream' };
    const wrong: [string, Record<string, string>, number, string][] = [
      ['/leases/lease-1/files', { ...token, ...bytes }, 400, 'path'],
      [`${FILE}&mode=999`, { ...token, ...bytes }, 400, 'mode'],
      [FILE, bytes, 400, 'Slipway-Lease-Token'],
      [FILE, { ...token, 'Content-Type': 'application/json' }, 415, 'wrong-content-type'],
    ];
    for (const [path, headers, status, said] of wrong) {
      const refused = await write(path, Buffer.from('{}'), headers);
      expect([path, refused.status, await refused.text()]).toEqual([path, status, expect.stringContaining(said)]);
    }
    const elsewhere = await place.call('POST', '/leases', { body: 'x', headers: bytes });
    expect(elsewhere.status).toBe(415);
    expect(allocator.asked).toEqual([]);
  });
});
