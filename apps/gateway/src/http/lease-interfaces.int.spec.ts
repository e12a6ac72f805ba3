import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError, type CallInterfaceCommand, type CancelCallCommand } from '@slipway/contracts';
import { FakeAllocator } from '../testing/fake-allocator.js';
import { GatewayPlace } from '../testing/gateway-place.js';
import { LiveClient } from '../testing/live-client.js';

const EXEC = '/leases/lease-1/interfaces/command/exec';
const body = { command: ['uname'] };
const result = { exitCode: 0, stdout: 'Linux\n', stderr: '' };
const token = { 'Slipway-Lease-Token': '4' };
const asLines = { ...token, Accept: 'application/x-ndjson' };

let place: GatewayPlace;
let allocator: FakeAllocator;
beforeEach(async () => {
  place = await GatewayPlace.open();
  allocator = new FakeAllocator(place);
});
afterEach(() => place.close());

function announced<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((told) => (resolve = told));
  return { promise, resolve };
}

/** Calls that go on until they are told to end. */
function serveUntilCancelled() {
  const begun = announced<CallInterfaceCommand>();
  const cancelled = announced<string>();
  allocator.answers('callInterface', async (command: CallInterfaceCommand) => {
    allocator.tells(command, 'stdout', 'begun');
    begun.resolve(command);
    await cancelled.promise;
    throw new SlipwayError('cancelled');
  });
  allocator.answers('cancelCall', ({ callId }: CancelCallCommand) => {
    cancelled.resolve(callId);
    return { callId };
  });
  return { begun: begun.promise, cancelled: cancelled.promise };
}

describe('an interface of a lease', () => {
  it('is called with its arguments and the token, and answers when that is done', async () => {
    allocator.answers('callInterface', (command: CallInterfaceCommand) => {
      allocator.tells(command, 'stdout', 'Linux');
      return allocator.ended(command, result);
    });
    const answer = await place.call('POST', EXEC, { body, headers: token });
    expect([answer.status, await answer.json()]).toEqual([200, { result }]);
    const asked = { leaseId: 'default.lease-1', token: 4, interface: 'command', method: 'exec', arguments: body };
    expect(allocator.asked).toEqual([['call-interface', { ...asked, callId: expect.stringMatching(/^[\w-]{36}$/) }, 'operator']]);
  });

  it('says line by line what it does to whoever can take that, and at last its answer', async () => {
    allocator.answers('callInterface', (command: CallInterfaceCommand) => {
      allocator.tells(command, 'alive');
      allocator.tells(command, 'stdout', 'Linux');
      allocator.tells(command, 'stderr', 'hm');
      return allocator.ended(command, result);
    });
    const answer = await place.call('POST', EXEC, { body, headers: asLines });
    expect(answer.headers.get('Content-Type')).toMatch(/^application\/x-ndjson/);
    const lines = (await answer.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      ...[
        { from: 'alive', lines: [] },
        { from: 'stdout', lines: ['Linux'] },
        { from: 'stderr', lines: ['hm'] },
      ],
      { result },
    ]);
  });

  it('is a problem where it is refused, and the last line where it fails half way', async () => {
    const notActive = new SlipwayError('lease-not-active', 'default.lease-1 is pending', { status: 'pending' });
    allocator.answers('callInterface', () => {
      throw notActive;
    });
    for (const headers of [token, asLines]) {
      const refused = await place.call('POST', EXEC, { body, headers });
      expect([refused.status, await refused.json()]).toMatchObject([
        409,
        { code: 'lease-not-active', details: { status: 'pending' } },
      ]);
    }
    allocator.answers('callInterface', async (command: CallInterfaceCommand) => {
      allocator.tells(command, 'stdout', 'half');
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw notActive;
    });
    const broken = await place.call('POST', EXEC, { body, headers: asLines });
    const [half, last] = (await broken.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect([broken.status, half, last]).toMatchObject([200, { lines: ['half'] }, { error: { code: 'lease-not-active' } }]);
  });

  it.each(['as lines', 'whole'])('is ended when whoever called it goes away (%s)', async (how) => {
    const { begun, cancelled } = serveUntilCancelled();
    const away = new AbortController();
    const calling = fetch(`${place.gateway.url}/api/v1${EXEC}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${place.key}`, ...(how === 'whole' ? token : asLines) },
      signal: away.signal,
    }).then((response) => response.text());
    const { callId } = await begun;
    away.abort();
    await expect(calling).rejects.toThrow(/abort/);
    expect(await cancelled).toBe(callId);
  });

  it('is an action too: line by line, and ended by dropping it', async () => {
    const { begun, cancelled } = serveUntilCancelled();
    const client = await LiveClient.open(place);
    const headers = { 'Slipway-Lease-Token': '4', Accept: 'application/x-ndjson' };
    client.send({ id: '1', action: 'call-interface', body: { id: 'lease-1', interface: 'command', method: 'exec' }, headers });
    const { callId } = await begun;
    await client.until((frame) => frame.type === 'part' && frame.text.includes('"begun"'));
    client.send({ type: 'drop', id: '1' });
    expect(await cancelled).toBe(callId);
    await client.end();
  });

  it('is ended when the gateway stops', async () => {
    const { begun, cancelled } = serveUntilCancelled();
    const calling = place.call('POST', EXEC, { body, headers: asLines }).then((answer) => answer.text());
    const { callId } = await begun;
    await place.gateway.stop({ instances: 'leave' });
    expect(await cancelled).toBe(callId);
    expect(await calling).toContain('"code":"cancelled"');
    await place.start();
  });

  it.each([
    [{}, EXEC, body, 'Slipway-Lease-Token'],
    [{ 'Slipway-Lease-Token': 'four' }, EXEC, body, 'Slipway-Lease-Token'],
    [token, EXEC, ['uname'], ''],
    [token, '/leases/shop/interfaces/command/exec', body, 'id'],
  ])('is not called with %j %s %j', async (headers, path, sent, field) => {
    const refused = await place.call('POST', path, { body: sent, headers });
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'bad-input', fields: [{ field }] }]);
    expect(allocator.asked).toEqual([]);
  });
});
