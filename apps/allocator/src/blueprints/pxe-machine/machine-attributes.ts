import { badInput, type FieldError, type Json, type JsonObject } from '@slipway/contracts';
import { certificateFingerprint, controllerUrl } from '@slipway/interfaces';

/** What a machine is built for (boot-capable ones), by the names that others have for it. */
const ARCHITECTURES = new Map([
  ['x86', 'x86'],
  ['i386', 'x86'],
  ['i686', 'x86'],
  ['x86-64', 'x86-64'],
  ['x86_64', 'x86-64'],
  ['amd64', 'x86-64'],
  ['arm', 'arm'],
  ['arm64', 'arm64'],
  ['aarch64', 'arm64'],
  ['riscv64', 'riscv64'],
]);

/** Names of attributes that would be recorded, and shown to everybody. */
const SECRET = /passw|secret|credential|token/i;

/** A value as it is recorded, or why it is none. */
type Read = { value: Json } | { reason: string };

const READ: Readonly<Record<string, (given: Json) => Read>> = {
  mac: (given) => {
    const value = macAddress(given);
    return value === undefined ? { reason: 'must be the MAC address of one network card, such as 52:54:00:12:34:56' } : { value };
  },
  architecture: (given) => {
    const value = ARCHITECTURES.get(String(given).toLowerCase());
    return value === undefined ? { reason: `must be one of ${[...new Set(ARCHITECTURES.values())].join(', ')}` } : { value };
  },
  cores: (given) => whole(given),
  memoryMiB: (given) => whole(given),
  disksGiB: (given) => {
    const isList = Array.isArray(given) && given.length <= 1_000 && given.every((one) => 'value' in whole(one));
    return isList ? { value: given } : { reason: 'must be a list of whole numbers from 1 on: the size of each disk' };
  },
  controller: (given) => {
    const value = typeof given === 'string' ? controllerUrl(given) : undefined;
    // What was given may hold a password: it is not quoted.
    const reason =
      'must be https:// with the address of its controller, and a port where that is not 443; user and password stand in credentialFile';
    return value === undefined ? { reason } : { value };
  },
  controllerCertificate: (given) => {
    const value = typeof given === 'string' ? certificateFingerprint(given) : undefined;
    return value === undefined ? { reason: 'must be SHA256: and the 64 digits of its certificate’s fingerprint' } : { value };
  },
  system: (given) => {
    // Many controllers number their machines.
    const value = Number.isSafeInteger(given) ? String(given) : given;
    const isOne = typeof value === 'string' && /^[^/\s]{1,100}$/.test(value);
    return isOne ? { value } : { reason: 'must be the id that the controller has for the machine' };
  },
};

/**
 * The address of a network card as it is written everywhere: six pairs of small hexadecimal digits with colons (IEEE 802, EUI-48), from that, from
 * pairs with hyphens, or from three fours with dots. `undefined` for what is none, and for an address of a group or of nobody.
 */
export function macAddress(given: Json): string | undefined {
  const isOne =
    typeof given === 'string' &&
    /^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(given);
  if (!isOne) return undefined;
  const digits = given.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  const isGroup = (Number.parseInt(digits.slice(0, 2), 16) & 1) === 1;
  return isGroup || /^0+$/.test(digits) ? undefined : digits.replaceAll(/(..)(?!$)/g, '$1:');
}

/**
 * Attributes of a machine that is entered, as they are recorded; those that are not known here (`rack`, `site`) are as they were given. Throws
 * `bad-input` with each field that is wrong.
 */
export function machineAttributes(given: JsonObject): JsonObject {
  const errors: FieldError[] = [];
  const fail = (name: string, reason: string) => void errors.push({ field: `attributes.${name}`, reason });
  const read = Object.entries(given).map(([name, value]): [string, Json] => {
    const found: Read = Object.hasOwn(READ, name) ? READ[name]!(value) : { value };
    if ('reason' in found) fail(name, found.reason);
    else if (!Object.hasOwn(READ, name) && SECRET.test(name))
      fail(name, 'is recorded and shown: secrets stand in credentialFile');
    return [name, 'value' in found ? found.value : null];
  });
  if (!Object.hasOwn(given, 'mac')) fail('mac', 'is needed: by it the machine is known when it boots');
  for (const name of ['controllerCertificate', 'system'])
    if (Object.hasOwn(given, name) && !Object.hasOwn(given, 'controller')) fail(name, 'is of a controller, and there is none');
  if (errors.length > 0) throw badInput(errors);
  return Object.fromEntries(read);
}

const whole = (given: Json): Read =>
  Number.isSafeInteger(given) && Number(given) >= 1 ? { value: given } : { reason: 'must be a whole number from 1 on' };
