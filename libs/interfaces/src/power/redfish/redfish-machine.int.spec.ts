/** Power by a controller that speaks Redfish, over HTTPS; and what one does that is slow, away, broken or hostile. */
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { TestRedfishServer, whyNoRedfishServer, type RedfishFault } from '../../testing/redfish-server.js';
import { certificateFingerprint, controllerUrl } from './controller.js';
import type { RedfishAccess } from './redfish-api.js';
import { RedfishMachine } from './redfish-machine.js';

jest.setTimeout(60_000);

const missing = whyNoRedfishServer();
const suite = missing === undefined ? describe : describe.skip;

suite(`a machine at its controller${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let server: TestRedfishServer;
  let changes: string[];
  beforeEach(async () => {
    server = await TestRedfishServer.start('1');
    changes = [];
  });
  afterEach(() => server.stop());

  const machine = (access: Partial<RedfishAccess> = {}, system?: string) =>
    new RedfishMachine(
      {
        url: server.url,
        trust: { fingerprint: certificateFingerprint(server.fingerprint)! },
        credential: async () => server.credential,
        signal: new AbortController().signal,
        changing: async (what) => void changes.push(what),
        ...access,
      },
      system,
    );
  const only = () => server.machines.get('1')!;
  const turned = () => server.asked.filter((asked) => asked.startsWith('POST')).map((asked) => asked.split(' ').at(-1));

  test('is told as its controller knows it', async () => {
    expect(await machine().status()).toEqual({
      ...{ power: 'off', nextBoot: 'as-set', health: 'ok', manufacturer: 'Slipway', model: 'Test 1', serialNumber: 'S-1' },
      ...{ cores: 8, memoryMiB: 32_768 },
    });
    only().told = { Status: null, Model: 7, ProcessorSummary: [], MemorySummary: { TotalSystemMemoryGiB: 'much' }, Boot: 'x' };
    const known = { power: 'off', nextBoot: 'as-set', manufacturer: 'Slipway', serialNumber: 'S-1' };
    expect(await machine().status()).toEqual(known);
    only().told = { ...only().told, PowerState: 'Paused' };
    expect(await machine().status()).toEqual({ ...known, power: 'unknown' });
  });

  test('is turned on, off and on again, and is so when that is told; what is so already is not done again', async () => {
    only().turnsFor = 3;
    await machine().on();
    expect(only().power).toBe('On');
    await machine().on();
    expect(turned()).toEqual(['On']);
    await machine().cycle();
    expect([only().power, turned()]).toEqual(['On', ['On', 'ForceOff', 'On']]);
    await machine().off();
    await machine().off();
    expect([only().power, turned()]).toEqual(['Off', ['On', 'ForceOff', 'On', 'ForceOff']]);
    await machine().cycle();
    expect([only().power, turned().slice(4)]).toEqual(['On', ['On']]);
    expect(changes).toEqual(['turn on', 'turn off', 'turn on', 'turn off', 'turn on']);
  });

  test('boots from the network once, or not after all', async () => {
    await machine().bootFromNetwork();
    expect(await machine().status()).toMatchObject({ nextBoot: 'network' });
    await machine().on();
    expect(await machine().status()).toMatchObject({ nextBoot: 'as-set', power: 'on' });
    await machine().bootFromNetwork();
    await machine().bootAsSet();
    expect(await machine().status()).toMatchObject({ nextBoot: 'as-set' });
    const asked = server.asked.length;
    await machine().bootAsSet();
    expect(server.asked.slice(asked).filter((one) => one.startsWith('PATCH'))).toEqual([]);
  });

  test('of several at one controller is the one that is named; where none is, the field is', async () => {
    server.add('2');
    await machine({}, '2').on();
    expect([only().power, server.machines.get('2')!.power]).toEqual(['Off', 'On']);
    for (const [system, reason] of [
      [undefined, /2 machines \(1, 2\): which of them is meant is not said \(attributes\.system\)/],
      ['3', /none of them is 3 \(attributes\.system\)/],
    ] as const)
      await expect(machine({}, system).status()).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringMatching(reason),
      });
    server.machines.clear();
    await expect(machine().status()).rejects.toMatchObject({ message: expect.stringMatching(/has no machine/) });
  });

  test('is reached by the certificate that is pinned or a CA, and by no other: nothing is sent before that is known', async () => {
    expect(await machine({ trust: { ca: server.certificate } }).status()).toMatchObject({ power: 'off' });
    const before = server.certificate;
    const pinned = certificateFingerprint(server.fingerprint)!;
    server.renewCertificate();
    server.asked.length = 0;
    const shows = certificateFingerprint(server.fingerprint)!;
    for (const trust of [{ fingerprint: pinned }, { ca: before }, 'system'] as const)
      await expect(machine({ trust }).on()).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining(shows),
      });
    expect([server.asked, changes]).toEqual([[], []]);
    await machine({ trust: { ca: server.certificate } }).on();
    expect(only().power).toBe('On');
  });

  test('that lets nobody in by that password says so, and not the password', async () => {
    const credential = async () => 'slipway:not-that-password';
    const refused = await machine({ credential })
      .on()
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'config-invalid', message: expect.stringMatching(/does not let us in/) });
    expect(JSON.stringify(refused) + String((refused as Error).message)).not.toContain('not-that-password');
    expect(only().power).toBe('Off');
  });

  test('nothing is changed where that is not wanted any more, and a change that is cut off is not made twice', async () => {
    const changing = async () => Promise.reject(new Error('over'));
    await expect(machine({ changing }).on()).rejects.toThrow('over');
    await expect(machine({ changing }).bootFromNetwork()).rejects.toThrow('over');
    expect([only().power, only().boot.enabled]).toEqual(['Off', 'Disabled']);
    server.faults.push({ of: /^POST/, cut: true });
    await expect(machine().on()).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringMatching(/cannot be reached/),
    });
    await machine().on();
    expect([only().power, turned()]).toEqual(['On', ['On']]);
  });

  test('two that want the same at once both have it, and a change beside it is borne', async () => {
    const meanwhile = (of: RegExp, when: () => Promise<void>) => server.faults.push({ of, when });
    for (const turn of ['on', 'off'] as const) {
      meanwhile(/^POST/, () => machine()[turn]());
      await machine()[turn]();
    }
    expect([only().power, turned()]).toEqual(['Off', ['On', 'On', 'ForceOff', 'ForceOff']]);
    meanwhile(/^PATCH/, () => machine().bootFromNetwork());
    await machine().bootFromNetwork();
    expect(only().boot).toEqual({ enabled: 'Once', target: 'Pxe' });
    meanwhile(/^PATCH/, async () => void (only().etag += 1));
    await machine().bootAsSet();
    expect(only().boot.enabled).toBe('Disabled');
  });

  test('is turned off for good where its controller does not show yet that it was turned on, or that it is off', async () => {
    await machine().on();
    only().told = { PowerState: 'Off' };
    await machine().off();
    expect(only().power).toBe('On');
    await machine().off({ isToldAnyway: true });
    only().told = {};
    await machine().off({ isToldAnyway: true });
    expect([only().power, turned()]).toEqual(['Off', ['On', 'ForceOff', 'ForceOff']]);
    await machine().off({ isToldAnyway: true });
    expect([only().power, turned().slice(3)]).toEqual(['Off', ['ForceOff']]);
    only().told = { Actions: {} };
    await expect(machine().off({ isToldAnyway: true })).rejects.toThrow(/names no way to turn off/);
    const action = { target: '/redfish/v1/x', 'ResetType@Redfish.AllowableValues': ['On'] };
    only().told = { Actions: { '#ComputerSystem.Reset': action } };
    await machine().off({ isToldAnyway: true });
    only().power = 'On';
    await expect(machine().off({ isToldAnyway: true })).rejects.toThrow(/cannot turn off; it can On/);
    only().told = {};
    server.faults.push({ of: /^POST/, status: 503 });
    await expect(machine().off({ isToldAnyway: true })).rejects.toThrow(/with 503/);
  });

  test('what a controller refuses for good is said as it says it', async () => {
    server.faults.push({ of: /^POST/, status: 400, body: '{"error":{"message":"Not in this chassis"}}', times: 3 });
    await expect(machine().on()).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringMatching(/with 400: Not in this chassis$/),
    });
    expect([only().power, turned()]).toEqual(['Off', ['On', 'On', 'On']]);
  });

  test('what it cannot do is said with what it can', async () => {
    const reset = { target: '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset', 'ResetType@Redfish.AllowableValues': ['Nmi'] };
    const boot = { 'BootSourceOverrideTarget@Redfish.AllowableValues': ['Hdd'] };
    only().told = { Actions: { '#ComputerSystem.Reset': reset }, Boot: boot };
    await expect(machine().on()).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringMatching(/cannot turn on; it can Nmi/),
    });
    await expect(machine().bootFromNetwork()).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringMatching(/cannot boot from the network; it can Hdd/),
    });
  });

  test('one that takes what it is told and does nothing is told of', async () => {
    only().isStuck = true;
    const limits = { changesWithinMs: 300 };
    await expect(machine({ limits }).on()).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringMatching(/is to turn on, and after 0\.3 s power is off/),
    });
    await expect(machine({ limits }).bootFromNetwork()).rejects.toMatchObject({
      message: expect.stringMatching(/is to boot network.*boots as-set/),
    });
  });

  test('one that does not answer is given up, and ends with what it is asked for', async () => {
    server.faults.push({ hangs: true });
    await expect(machine({ limits: { answersWithinMs: 300 } }).status()).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringMatching(/has not answered within 300 ms/),
    });
    server.faults.push({ hangs: true });
    const ending = new AbortController();
    const asked = machine({ signal: ending.signal }).status();
    const ended = expect(asked).rejects.toThrow('the lease is over');
    while (server.faults.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    ending.abort(new Error('the lease is over'));
    await ended;
    await expect(machine({ signal: ending.signal }).on()).rejects.toThrow('the lease is over');
  });

  test('one that is not there, and one that speaks no TLS, cannot be reached', async () => {
    const deaf: Server = createServer(
      (socket) =>
        void socket
          .on('error', () => {})
          .resume()
          .end('220 hello\r\n'),
    ).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    const url = `https://127.0.0.1:${(deaf.address() as AddressInfo).port}`;
    await expect(machine({ url }).status()).rejects.toMatchObject({ code: 'driver-failed' });
    deaf.close();
    await once(deaf, 'close');
    await expect(machine({ url }).status()).rejects.toMatchObject({ code: 'driver-failed' });
  });

  const system = (told: object) => ({ of: /Systems\/1$/, body: JSON.stringify(told) });
  const HOSTILE: [string, RedfishFault, RegExp][] = [
    ['what is no JSON', { body: '<html>' }, /with what is no JSON/],
    ['a list', { body: '[1]' }, /with what is no JSON/],
    ['JSON that is deep', { body: '['.repeat(500_000) }, /with what is no JSON/],
    ['more than there is room for', { body: 'x'.repeat(2_000_000) }, /more than 1048576 bytes/],
    ['a way to somewhere else', { status: 307, head: { location: 'https://other.example/' } }, /with 307/],
    ['a failure', { status: 500, body: 'oops' }, /with 500: oops/],
    [
      'machines elsewhere',
      { of: /v1\/$/, body: '{"Systems":{"@odata.id":"https://other.example/"}}' },
      /names no way to its machines/,
    ],
    ['machines on another host', { of: /v1\/$/, body: '{"Systems":{"@odata.id":"//other.example/redfish/v1"}}' }, /names no way/],
    ['machines out of its tree', { of: /v1\/$/, body: '{"Systems":{"@odata.id":"/redfish/v1/../x"}}' }, /names no way/],
    [
      'a head of its own',
      { of: /Systems$/, body: String.raw`{"Members":[{"@odata.id":"/redfish/v1/x HTTP/1.1\r\nA: b"}]}` },
      /names no way/,
    ],
    ['members that are none', { of: /Systems$/, body: '{"Members":[null]}' }, /names no way to one of its machines/],
    ['no machines at all', { of: /Systems$/, body: '{"Members":7}' }, /has no machine/],
    ['no way to turn it', system({ PowerState: 'Off' }), /names no way to turn on/],
  ];
  test.each(HOSTILE)('%s is refused, and nothing is done', async (_what, fault, reason) => {
    server.faults.push(fault);
    await expect(machine().on()).rejects.toMatchObject({ message: expect.stringMatching(reason) });
    expect([turned(), changes]).toEqual([[], []]);
    await machine().on();
    expect(only().power).toBe('On');
  });

  test('what it says is quoted shortly, printably, and without the password, however it is written', async () => {
    const basic = Buffer.from(server.credential).toString('base64');
    const said = `\u001b[2J${server.password} ${basic}\n${'x'.repeat(5_000)}`;
    for (const body of [said, JSON.stringify({ error: { '@Message.ExtendedInfo': [{ Message: said }] } })]) {
      server.faults.push({ status: 500, body });
      const { message } = (await machine()
        .status()
        .catch((error: unknown) => error)) as Error;
      expect(message).toMatch(/with 500: \[2J\*\*\* \*\*\* x+$/);
      expect(message.length).toBeLessThan(350);
    }
    only().told = { Model: server.password, SerialNumber: '\u0007' };
    expect(await machine().status()).toMatchObject({ model: '***' });
    expect(await machine().status()).not.toHaveProperty('serialNumber');
  });
});

test.each([
  ['https://bmc-17.example', 'https://bmc-17.example'],
  ['HTTPS://BMC-17.example:443/', 'https://bmc-17.example'],
  ['https://[fe80::1]:8443', 'https://[fe80::1]:8443'],
  ['http://bmc-17.example', undefined],
  ['https://ada:secret@bmc-17.example', undefined],
  ['https://bmc-17.example/redfish', undefined],
  ['https://bmc-17.example/?a', undefined],
  ['bmc-17.example', undefined],
])('the address of a controller, %s, is written as %s', (text, written) => {
  expect(controllerUrl(text)).toBe(written);
});

test('the fingerprint of a certificate is read as openssl prints it', () => {
  const digits = 'ab'.repeat(32);
  const colons = digits.toUpperCase().replaceAll(/(..)(?!$)/g, '$1:');
  for (const text of [
    `SHA256:${digits}`,
    `sha256 Fingerprint=${colons}`,
    `SHA-256:${colons}`,
    `SHA256:${colons}`,
    digits,
    ` ${colons}\n`,
  ])
    expect(certificateFingerprint(text)).toBe(`SHA256:${digits}`);
  for (const text of ['', 'SHA256:', `SHA1:${digits}`, digits.slice(2), `${digits}ab`, `${digits.slice(1)}g`])
    expect(certificateFingerprint(text)).toBeUndefined();
});
