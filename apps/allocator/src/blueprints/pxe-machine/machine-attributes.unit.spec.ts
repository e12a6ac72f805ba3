import { expect, test } from '@jest/globals';
import { macAddress, machineAttributes } from './machine-attributes.js';

const mac = '52:54:00:12:34:56';

test.each([
  ['52:54:00:12:34:56', mac],
  ['52-54-00-12-34-56', mac],
  ['5254.0012.3456', mac],
  ['AA:bb:Cc:00:00:01', 'aa:bb:cc:00:00:01'],
  ['525400123456', undefined],
  ['52:54:00:12:34', undefined],
  ['52:54:00:12:34:56:78', undefined],
  ['52:54-00:12:34:56', undefined],
  ['52:54:00:12:34:5g', undefined],
  ['ff:ff:ff:ff:ff:ff', undefined],
  ['01:00:5e:00:00:01', undefined],
  ['00:00:00:00:00:00', undefined],
  [525400123456, undefined],
  ['', undefined],
])('the MAC address %s is written as %s', (given, written) => {
  expect(macAddress(given)).toBe(written);
});

test('attributes are recorded in one way, and so are others', () => {
  const fingerprint = 'AB'.repeat(32);
  expect(
    machineAttributes({
      ...{ mac: '52-54-00-12-34-56', architecture: 'AMD64', cores: 16, memoryMiB: 65_536, disksGiB: [480, 4_000] },
      ...{ controller: 'HTTPS://BMC-17.example:443/', controllerCertificate: fingerprint, system: '437XR1138R2' },
      ...{ rack: 'A3', isSpare: true },
    }),
  ).toEqual({
    ...{ mac, architecture: 'x86-64', cores: 16, memoryMiB: 65_536, disksGiB: [480, 4_000] },
    ...{
      controller: 'https://bmc-17.example',
      controllerCertificate: `SHA256:${fingerprint.toLowerCase()}`,
      system: '437XR1138R2',
    },
    ...{ rack: 'A3', isSpare: true },
  });
});

test('the id of a machine at its controller is a text, also where it is a number', () => {
  expect(machineAttributes({ mac, controller: 'https://[2001:db8::17]', system: 1 })).toMatchObject({ system: '1' });
});

test.each([
  [{}, ['mac']],
  [{ mac: 'here' }, ['mac']],
  [{ mac, architecture: 'z80' }, ['architecture']],
  [{ mac, cores: 0, memoryMiB: '64G', disksGiB: 480 }, ['cores', 'memoryMiB', 'disksGiB']],
  [{ mac, disksGiB: [480, -1] }, ['disksGiB']],
  [{ mac, controller: 'http://bmc-17.example' }, ['controller']],
  [
    { mac, controller: 'https://bmc-17.example', controllerCertificate: 'SHA1:00', system: 'a/b' },
    ['controllerCertificate', 'system'],
  ],
  [{ mac, system: '1' }, ['system']],
  [{ mac, controllerPassword: 'x' }, ['controllerPassword']],
])('%j names what is wrong', (given, fields) => {
  expect(() => machineAttributes(given)).toThrow(
    expect.objectContaining({
      code: 'bad-input',
      details: { fields: fields.map((field) => expect.objectContaining({ field: `attributes.${field}` })) },
    }),
  );
});

test('a password in the address of a controller is not repeated', () => {
  let said = '';
  try {
    machineAttributes({ mac, controller: 'https://root:calvin@bmc-17.example' });
  } catch (error) {
    said = String(error) + JSON.stringify(error);
  }
  expect(said).toMatch(/attributes\.controller/);
  expect(said).not.toContain('calvin');
});
